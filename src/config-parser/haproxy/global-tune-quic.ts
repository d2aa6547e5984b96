/** `tune.quic.*`: known, so that configurations with them load; there is no QUIC here (manual, section 3.2). */
import type { GlobalKeyword } from './global-rows.ts';

const NAMES: readonly (readonly [name: string, args: string])[] = [
  ['tune.quic.be.cc.cubic-min-losses', '<number>'],
  ['tune.quic.fe.cc.cubic-min-losses', '<number>'],
  ['tune.quic.cc.cubic.min-losses', '<number>'],
  ['tune.quic.be.cc.hystart', '{ on | off }'],
  ['tune.quic.fe.cc.hystart', '{ on | off }'],
  ['tune.quic.cc-hystart', '{ on | off }'],
  ['tune.quic.be.cc.max-frame-loss', '<number>'],
  ['tune.quic.fe.cc.max-frame-loss', '<number>'],
  ['tune.quic.max-frame-loss', '<number>'],
  ['tune.quic.be.cc.max-win-size', '<size>'],
  ['tune.quic.fe.cc.max-win-size', '<size>'],
  ['tune.quic.frontend.default-max-window-size', '<size>'],
  ['tune.quic.be.cc.reorder-ratio', '<0..100, in percent>'],
  ['tune.quic.fe.cc.reorder-ratio', '<0..100, in percent>'],
  ['tune.quic.reorder-ratio', '<0..100, in percent>'],
  ['tune.quic.be.max-idle-timeout', '<timeout>'],
  ['tune.quic.fe.max-idle-timeout', '<timeout>'],
  ['tune.quic.frontend.max-idle-timeout', '<timeout>'],
  ['tune.quic.be.sec.glitches-threshold', '<number>'],
  ['tune.quic.fe.sec.glitches-threshold', '<number>'],
  ['tune.quic.frontend.glitches-threshold', '<number>'],
  ['tune.quic.fe.sec.retry-threshold', '<number>'],
  ['tune.quic.retry-threshold', '<number>'],
  ['tune.quic.fe.sock-per-conn', '{ default-on | force-off }'],
  ['tune.quic.socket-owner', '{ connection | listener }'],
  ['tune.quic.be.stream.data-ratio', '<0..100, in percent>'],
  ['tune.quic.fe.stream.data-ratio', '<0..100, in percent>'],
  ['tune.quic.frontend.stream-data-ratio', '<0..100, in percent>'],
  ['tune.quic.be.stream.max-concurrent', '<number>'],
  ['tune.quic.fe.stream.max-concurrent', '<number>'],
  ['tune.quic.fe.stream.max-total', '<number>'],
  ['tune.quic.frontend.max-streams-bidi', '<number>'],
  ['tune.quic.be.stream.rxbuf', '<size>'],
  ['tune.quic.fe.stream.rxbuf', '<size>'],
  ['tune.quic.frontend.max-data-size', '<size>'],
  ['tune.quic.be.tx.pacing', '{ on | off }'],
  ['tune.quic.fe.tx.pacing', '{ on | off }'],
  ['tune.quic.disable-tx-pacing', ''],
  ['tune.quic.be.tx.udp-gso', '{ on | off }'],
  ['tune.quic.fe.tx.udp-gso', '{ on | off }'],
  ['tune.quic.disable-udp-gso', ''],
  ['tune.quic.listen', '{ on | off }'],
  ['tune.quic.mem.tx-max', '<size>'],
  ['tune.quic.frontend.max-tx-mem', '<size>'],
  ['tune.quic.zero-copy-fwd-send', '{ on | off }'],
];

export const QUIC_TUNE_KEYWORDS: readonly GlobalKeyword[] = NAMES.map(([name, args]) =>
  withoutQuic(name, args),
);

function withoutQuic(name: string, args: string): GlobalKeyword {
  const count = args === '' ? 0 : 1;
  return {
    name,
    sections: ['global'],
    args,
    arity: [count, count],
    summary: 'no effect: there is no QUIC',
    parse: (_draft, _words, context) => {
      context.warn(context.position, `'${name}' is ignored: QUIC is not supported.`);
    },
  };
}
