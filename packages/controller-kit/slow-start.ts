/**
 * Calls `act` `count` times in batches of 1, 2, 4, …, each in parallel, and stops after a batch in which one failed: so
 * that a quota or a broken template costs one refused request, not hundreds.
 * Resolves to how many calls succeeded, how many were never made, and the first error.
 */
export async function slowStart(
  count: number,
  act: () => Promise<void>,
): Promise<{ readonly succeeded: number; readonly skipped: number; readonly error: unknown }> {
  let succeeded = 0;
  let remaining = count;
  for (let batch = Math.min(1, remaining); batch > 0; batch = Math.min(batch * 2, remaining)) {
    const results = await Promise.allSettled(Array.from({ length: batch }, () => act()));
    remaining -= batch;
    succeeded += results.filter((result) => result.status === 'fulfilled').length;
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) return { succeeded, skipped: remaining, error: failed.reason };
  }
  return { succeeded, skipped: 0, error: undefined };
}
