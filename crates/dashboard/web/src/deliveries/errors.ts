/** Why an attempt failed, in words that help. */
export interface Explanation {
  /** What happened, as the end of a sentence: "the receiver answered 500". */
  what: string;
  /** What that means. */
  means: string;
  /** What to do about it. */
  todo: string;
}

/** Failures before there was an answer, by how their text begins. */
const KINDS: [begins: string, explanation: Explanation][] = [
  [
    "dns:",
    {
      what: "the host's name did not resolve",
      means: "DNS knows no address for the host in the webhook's URL.",
      todo:
        "Check the host's spelling and its DNS records. New records may need some minutes to be " +
        "seen everywhere.",
    },
  ],
  [
    "connect:",
    {
      what: "no connection came about",
      means:
        "Nothing accepted a connection at the receiver's address: it is down, or a firewall keeps us out.",
      todo:
        "Check that the receiver runs, listens on this port, and that it can be reached from the " +
        "internet.",
    },
  ],
  [
    "tls:",
    {
      what: "the TLS handshake failed",
      means:
        "The connection came about but was not trusted, often because of a certificate that has " +
        "expired, is for " +
        "another name, or lacks its intermediate certificates.",
      todo:
        "Check the receiver's certificate and that it sends the whole chain. Browsers are more " +
        "forgiving than we are.",
    },
  ],
  [
    "timeout:",
    {
      what: "no answer came in time",
      means: "The receiver took the connection but did not answer within the webhook's time limit.",
      todo:
        "Answer first and work afterwards: store the event, answer with a 2xx, and process it in " +
        "the background.",
    },
  ],
  [
    "address not allowed:",
    {
      what: "the receiver's address is not allowed",
      means:
        "The host resolves to a private or reserved address. Nothing was sent, so that webhooks " +
        "cannot reach into " +
        "internal networks.",
      todo:
        "Use a host with a public address. If this network is meant to be reached, the operator " +
        "can allow it.",
    },
  ],
  [
    "http:",
    {
      what: "the connection broke",
      means: "The connection was closed before the answer was complete, or what came back was not HTTP.",
      todo: "Check proxies and load balancers before the receiver, and whether it crashes on such a request.",
    },
  ],
  [
    "credentials:",
    {
      what: "the credentials could not be had",
      means:
        "The webhook needs a token, and its token endpoint did not give one. Nothing was sent to the " +
        "receiver.",
      todo: "Check token URL, client id and client secret in the webhook's settings.",
    },
  ],
];

const STATUSES: Record<number, [means: string, todo: string]> = {
  400: [
    "It could not make sense of the request.",
    "Look into its answer and its log; the request is shown here as it was sent.",
  ],
  401: [
    "It did not accept who we are: credentials are missing or wrong, or it could not verify the signature.",
    "Compare the webhook's credentials, and that the receiver verifies with the webhook's present secret.",
  ],
  403: [
    "It refuses this request: often a firewall or bot protection, or a signature that it could not verify.",
    "Let requests to this path through, and check that the receiver has the webhook's present secret.",
  ],
  404: ["There is nothing at this path.", "Check the webhook's URL; the receiver may have moved."],
  405: [
    "This path does not take POST.",
    "Have the receiver accept POST at this path, or correct the webhook's URL.",
  ],
  408: ["It gave up waiting for the request.", "Look for a slow proxy before the receiver."],
  409: [
    "It says that the request conflicts with something.",
    "If it has the event already, it should answer with a 2xx.",
  ],
  410: [
    "It wants no more deliveries.",
    "If that is a mistake, correct the receiver and make the webhook active again.",
  ],
  413: ["The event is too large for it.", "Raise the limit for request bodies in the receiver or its proxy."],
  415: [
    "It does not take this content type.",
    "Have the receiver accept the Content-Type that is shown in the request.",
  ],
  422: ["It understood the request and refuses its content.", "Look into its answer for the reason."],
  429: ["We send faster than it wants.", "Give the webhook a rate limit below what the receiver takes."],
  500: ["It failed while it processed the event.", "Look into its log at the time of the attempt."],
  501: ["It does not know this kind of request.", "Check the webhook's URL."],
  502: [
    "A proxy before the receiver got no good answer from it.",
    "Check that the application behind the proxy runs.",
  ],
  503: ["It is overloaded or down for maintenance.", "Wait, or give it more room; a rate limit may help."],
  504: ["A proxy before the receiver waited for it in vain.", "Answer first and work afterwards."],
};

function answeredWith(status: number): Explanation {
  const what = `the receiver answered ${status}`;
  const known = STATUSES[status];
  if (known) return { what, means: known[0], todo: known[1] };
  if (status >= 300 && status < 400) {
    return {
      what,
      means: "It points to another address. Redirects are never followed, since they could lead anywhere.",
      todo: "Set the webhook's URL to the address where the receiver really is.",
    };
  }
  if (status >= 500)
    return { what, means: "It failed on its side.", todo: "Look into its log at the time of the attempt." };
  return {
    what,
    means: "It did not take the event.",
    todo: "Look into its answer. A 2xx tells that an event was taken.",
  };
}

/** Explains an attempt's `error`; nothing for one that succeeded. */
export function explain(error: string | null | undefined): Explanation | undefined {
  if (error == null) return undefined;
  const status = /^answered (\d{3})$/.exec(error)?.[1];
  if (status) return answeredWith(Number(status));
  return (
    KINDS.find(([begins]) => error.startsWith(begins))?.[1] ?? {
      what: error,
      means: "The attempt failed.",
      todo: "Look into the receiver's log at the time of the attempt.",
    }
  );
}
