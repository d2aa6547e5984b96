/** The times of the protocol. */
import type { MachineConfig, MachineState } from './machine-state.ts';

/** RFC 3768 6.1: (256 - priority) / 256 s. RFC 5798 6.1: the same share of Master_Adver_Interval. */
export function skewMs(
  config: Pick<MachineConfig, 'version'>,
  priority: number,
  masterAdvertIntMs: number,
): number {
  return ((256 - priority) / 256) * (config.version === 2 ? 1000 : masterAdvertIntMs);
}

/** Master_Down_Interval: three intervals (`down_timer_adverts`) and the skew. */
export function masterDownMs(state: MachineState, config: MachineConfig): number {
  return (
    config.downTimerAdverts * state.masterAdvertIntMs +
    skewMs(config, state.priority, state.masterAdvertIntMs)
  );
}
