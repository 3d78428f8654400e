import { explain } from "./errors";
import type { Attempt, DeliveryInFull } from "./queries";

/** How a delivery stands, in words for someone who has never seen one. */
export interface Standing {
  headline: string;
  means: string;
  todo?: string;
}

const TIMES = [
  "",
  "once",
  "twice",
  "three times",
  "four times",
  "five times",
  "six times",
  "seven times",
  "eight times",
  "nine times",
  "ten times",
];

export function times(count: number): string {
  return TIMES[count] || `${count} times`;
}

/**
 * What happened in all attempts, if it was always the same, else in the last: "the receiver answered 500 ten
 * times".
 */
function failures(attempts: Attempt[]): string {
  const counted = attempts.filter((attempt) => !attempt.late);
  const last = counted.at(-1);
  const explanation = explain(last?.error);
  if (!last || !explanation) return "no attempt was made";
  const isAlwaysSo = counted.every((attempt) => attempt.error === last.error);
  if (isAlwaysSo)
    return counted.length === 1 ? explanation.what : `${explanation.what} ${times(counted.length)}`;
  return `after ${counted.length} attempts; in the last one ${explanation.what}`;
}

const LASTING = "It can be tried again as long as the event's data is kept.";

function failed(delivery: DeliveryInFull): Standing {
  const last = explain(delivery.attempts.at(-1)?.error);
  const headline = `Failed: ${failures(delivery.attempts)}`;
  switch (delivery.error) {
    case "attempts used up":
      return {
        headline,
        means: `All attempts of its schedule are over, so no more are made by themselves. ${LASTING}`,
        ...(last ? { todo: `${last.means} ${last.todo} Then retry it.` } : {}),
      };
    case "410 gone":
      return {
        headline: "Failed: the receiver answered 410 Gone",
        means: "With 410 a receiver asks for no more deliveries, so no more attempts are made.",
        todo: "If that was a mistake, correct the receiver, make the webhook active again, and retry.",
      };
    case "address not allowed":
      return {
        headline: "Failed: the receiver's address is not allowed",
        means: explain("address not allowed:")?.means ?? "",
        todo: explain("address not allowed:")?.todo ?? "",
      };
    case "webhook inactive":
      return {
        headline: "Failed: the webhook was not active",
        means:
          "When its next attempt was due, the webhook had been paused or switched off, so nothing was sent.",
        todo: "Make the webhook active again and retry; a replay sends all that was missed.",
      };
    case "expired":
      return {
        headline: `Expired: ${failures(delivery.attempts)}`,
        means: "Its next attempt would have come too late: the event's data is kept for a limited time only.",
        todo: "Retry it now if its data is still there.",
      };
    case "payload gone":
      return {
        headline: "Failed: the event's data is no longer kept",
        means: "The data was deleted when its time of keeping was over, so there is nothing left to send.",
        todo: "Have the event published again.",
      };
    default:
      return { headline, means: LASTING, ...(last ? { todo: `${last.means} ${last.todo}` } : {}) };
  }
}

/** `planned` is how many attempts its schedule has, where that is known. */
export function standing(delivery: DeliveryInFull, planned: number | undefined): Standing {
  const { attempts } = delivery;
  const last = attempts.at(-1);
  switch (delivery.status) {
    case "success":
      return delivered(attempts);
    case "pending":
      return {
        headline: "Waiting for its first attempt",
        means:
          "It is about to be sent. It waits longer where the webhook has a rate limit or many events " +
          "are ahead of it.",
      };
    case "retrying": {
      const explanation = explain(last?.error);
      const left = planned === undefined ? 0 : planned - delivery.attempt;
      return {
        headline: `Being retried: ${failures(attempts)}`,
        means: againWords(left),
        ...(explanation ? { todo: `${explanation.means} ${explanation.todo}` } : {}),
      };
    }
    case "cancelled":
      return {
        headline: "Cancelled: its webhook was deleted",
        means: "Nothing more is sent to a webhook that is no longer there.",
      };
    case "failed":
      return failed(delivery);
  }
}

function againWords(left: number): string {
  if (left === 1) return "It is tried once more by itself.";
  return left > 1
    ? `It is tried again by itself, up to ${times(left)} more.`
    : "It is tried again by itself.";
}

const ORDINALS = [
  "first",
  "second",
  "third",
  "fourth",
  "fifth",
  "sixth",
  "seventh",
  "eighth",
  "ninth",
  "tenth",
];

function delivered(attempts: Attempt[]): Standing {
  const place = attempts.findIndex((attempt) => attempt.error == null);
  const status = attempts[place]?.status_code;
  const ordinal = ORDINALS[place];
  return {
    headline: ordinal ? `Delivered in the ${ordinal} attempt` : "Delivered",
    means: status
      ? `The receiver answered ${status}, so it has taken the event.`
      : "The receiver has taken the event.",
  };
}
