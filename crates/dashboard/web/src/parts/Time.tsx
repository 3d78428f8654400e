import { relative as relativeText } from "./formats";
import { useTick } from "./tick";

interface TimeProps {
  at: string | null | undefined;
  /** `5 min ago` instead of date and time, which are then its title. */
  relative?: boolean;
}

const FULL = new Intl.DateTimeFormat("en-GB", {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** A moment, in the time zone of whoever looks. */
export function Time({ at, relative = false }: TimeProps) {
  const moment = at ? new Date(at) : null;
  if (moment === null || Number.isNaN(moment.getTime())) return <>–</>;
  return relative ? <Ago moment={moment} /> : <Exact moment={moment} />;
}

function Exact({ moment }: { moment: Date }) {
  return (
    <time dateTime={moment.toISOString()} title={moment.toISOString()}>
      {FULL.format(moment)}
    </time>
  );
}

function Ago({ moment }: { moment: Date }) {
  useTick();
  // What is newer than the last tick must not seem to lie ahead, so it is counted from the time of drawing.
  // eslint-disable-next-line react-hooks/purity
  const now = Date.now();
  return (
    <time dateTime={moment.toISOString()} title={`${FULL.format(moment)} (${moment.toISOString()})`}>
      {relativeText(moment.getTime(), now)}
    </time>
  );
}
