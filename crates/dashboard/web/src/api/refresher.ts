/**
 * Gives a function that has `refresh` run soon after it was called, at most once in `everyMs` and never twice
 * at a time. What is called during a run leads to one more run afterwards, so the last call is always
 * answered.
 */
export function refresher(refresh: () => Promise<unknown>, everyMs: number): () => void {
  let running = false;
  let again = false;

  const run = async () => {
    running = true;
    again = false;
    try {
      await Promise.all([refresh(), new Promise((resolve) => setTimeout(resolve, everyMs))]);
    } finally {
      running = false;
      // It may have been called meanwhile.
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition
      if (again) void run();
    }
  };

  return () => {
    if (running) again = true;
    else void run();
  };
}
