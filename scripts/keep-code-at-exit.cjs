// Preloaded into the program by scripts/keep-code.mjs: every thread keeps its compiled code when it ends.
process.on('exit', () => require('../dist/program/js/joined-program.js').keepCode());
