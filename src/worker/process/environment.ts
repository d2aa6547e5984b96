/**
 * The variables of this process as `setenv` and its kind leave them, for samples and for programs that are started. They are
 * an object of each thread's: the C library's own must not change while another thread reads them (setenv(3)), as libraries do
 * when they are loaded, and a data thread loads while the configuration is read.
 */
type Environment = Readonly<Record<string, string | undefined>>;

/** As the configuration wants them. Only the time zone goes to the C library, as it alone asks for it. */
export function changeEnvironment(wanted: Environment): void {
  const { TZ } = wanted;
  if (TZ !== undefined && TZ !== process.env['TZ']) process.env['TZ'] = TZ;
  adoptEnvironment(wanted);
}

/** Those of another thread. */
export function adoptEnvironment(variables: Environment): void {
  // without a prototype: no variable has a name of its
  process.env = Object.assign(Object.create(null) as NodeJS.ProcessEnv, variables);
}
