// Preloaded: the kernel refuses the system call with the number FORBIDDEN_CALL with EPERM, as filters of containers do.
const { isMainThread } = require('node:worker_threads');

if (isMainThread) {
  const koffi = require('koffi');
  const prctl = koffi
    .load(null)
    .func('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)');
  const PR_SET_NO_NEW_PRIVS = 38;
  const PR_SET_SECCOMP = 22;
  const SECCOMP_MODE_FILTER = 2;
  // load the number of the call; if it is this one, EPERM; else go on (seccomp(2))
  const steps = [
    [0x20, 0, 0, 0],
    [0x15, 0, 1, Number(process.env['FORBIDDEN_CALL'])],
    [0x06, 0, 0, 0x00050001],
    [0x06, 0, 0, 0x7fff0000],
  ];
  const filter = Buffer.alloc(8 * steps.length);
  for (const [index, [code, ifTrue, ifFalse, value]] of steps.entries()) {
    filter.writeUInt16LE(code, 8 * index);
    filter.writeUInt8(ifTrue, 8 * index + 2);
    filter.writeUInt8(ifFalse, 8 * index + 3);
    filter.writeUInt32LE(value, 8 * index + 4);
  }
  const program = Buffer.alloc(16);
  program.writeUInt16LE(steps.length, 0);
  program.writeBigUInt64LE(koffi.address(filter), 8);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, Number(koffi.address(program)), 0, 0) !== 0)
    throw new Error('there is no filter of system calls');
}
