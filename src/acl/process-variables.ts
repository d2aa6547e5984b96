/** Variables of the process (`proc.`): one copy a thread; what one thread sets is told to the others. */
import type { Sample } from './sample.ts';
import { VariableStore, type VariableSlot } from './variables.ts';

export class ProcessVariables extends VariableStore {
  /** Undefined: it was unset. */
  onChange: ((slot: VariableSlot, value: Sample | undefined) => void) | undefined;

  override set(slot: VariableSlot, value: Sample): boolean {
    const fits = super.set(slot, value);
    this.onChange?.(slot, fits ? value : undefined);
    return fits;
  }

  override unset(slot: VariableSlot): void {
    super.unset(slot);
    this.onChange?.(slot, undefined);
  }

  /** Another thread changed it. */
  follow(slot: VariableSlot, value: Sample | undefined): void {
    if (value === undefined) super.unset(slot);
    else this.copy(slot, value);
  }
}
