/** A duration in milliseconds as Go prints it: `0s`, `250ms`, `1.5s`, `1m20s`, `5m0s`, `1h0m0s`. */
export function goDuration(milliseconds: number): string {
  const whole = Math.max(Math.round(milliseconds), 0);
  if (whole === 0) return '0s';
  if (whole < 1000) return `${whole}ms`;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor((whole % 3_600_000) / 60_000);
  const seconds = (whole % 60_000) / 1000;
  const tail = `${seconds}s`;
  if (hours > 0) return `${hours}h${minutes}m${tail}`;
  return minutes > 0 ? `${minutes}m${tail}` : tail;
}
