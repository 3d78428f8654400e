/** Why a rule switched a webhook off, and what to do. */
export function disabledWords(reason: string | null | undefined): string {
  switch (reason) {
    case "gone":
      return "The receiver answered 410 Gone, which asks for no more deliveries.";
    case "failing_for":
      return "Every attempt has failed for longer than its rule allows.";
    case "failures_in_a_row":
      return "Too many attempts in a row have failed.";
    case "delivery_exhausted":
      return "All attempts of one delivery have failed.";
    default:
      return "Somebody paused it.";
  }
}
