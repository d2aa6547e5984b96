/** A variable that an environment has itself: `constructor` and its like are none. */
export function environmentVariable(
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
): string | undefined {
  return Object.hasOwn(environment, name) ? environment[name] : undefined;
}
