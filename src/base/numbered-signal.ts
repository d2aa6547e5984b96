/**
 * Signals that Node has no names for: the realtime ones, which end a process that does not take them. All that leans on
 * how Node is made is here: Signal of `process.binding('signal_wrap')`.
 */
interface Handle {
  onsignal: (signal: number) => void;
  start(signal: number): number;
  unref(): void;
}

interface Inside {
  binding(name: string): { readonly Signal?: new () => Handle };
  noDeprecation?: boolean;
}

/** `act` is called for every one that comes. False: this Node cannot. */
export function onNumberedSignal(signal: number, act: () => void): boolean {
  try {
    const handle = makeHandle();
    if (handle === undefined) return false;
    handle.onsignal = act;
    handle.unref();
    return handle.start(signal) === 0;
  } catch {
    return false;
  }
}

/** Without the line on the terminal that users can do nothing about. */
function makeHandle(): Handle | undefined {
  const own = process as unknown as Inside;
  const before = own.noDeprecation;
  own.noDeprecation = true;
  try {
    const { Signal } = own.binding('signal_wrap');
    return Signal === undefined ? undefined : new Signal();
  } finally {
    own.noDeprecation = before ?? false;
  }
}
