/** `monitor-uri`: which requests are those of a monitoring system (manual, section 4.2). */

/** A path is compared with the path of the target, whatever its form; anything else with the whole target. */
export function asksMonitor(monitorUri: string, target: string): boolean {
  if (target === monitorUri) return true;
  if (!monitorUri.startsWith('/') || target.startsWith('/')) return false;
  const authority = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i.exec(target);
  return authority !== null && (target.slice(authority[0].length) || '/') === monitorUri;
}
