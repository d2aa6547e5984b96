/** Variables of the process (`proc.`): one copy a thread; what one thread sets is told to the others. */
import type { Sample } from './sample.ts';
import { VariableStore } from './variables.ts';

export class ProcessVariables extends VariableStore {
  /** Undefined: it was unset. */
  onChange: ((slot: number, value: Sample | undefined) => void) | undefined;

  override set(slot: number, value: Sample): boolean {
    const fits = super.set(slot, value);
    this.onChange?.(slot, fits ? value : undefined);
    return fits;
  }

  override unset(slot: number): void {
    super.unset(slot);
    this.onChange?.(slot, undefined);
  }

  /** Another thread changed it. */
  follow(slot: number, value: Sample | undefined): void {
    if (value === undefined) super.unset(slot);
    else this.copy(slot, value);
  }
}
