/** SETTINGS (RFC 9113 section 6.5): what this side says, and what the peer has said. */
import {
  DEFAULT_TABLE,
  DEFAULT_WINDOW,
  FLOW_CONTROL_ERROR,
  LARGEST_FRAME,
  LARGEST_WINDOW,
  LEAST_FRAME,
  NO_ERROR,
  PROTOCOL_ERROR,
  readUint32,
  SETTING_CONNECT,
  SETTING_FRAME,
  SETTING_PUSH,
  SETTING_STREAMS,
  SETTING_TABLE,
  SETTING_WINDOW,
  SETTINGS,
} from './frames.ts';
import type { Output } from './output.ts';

export type Role = 'server' | 'client';

/** Of this side. */
export interface LocalSettings {
  /** Bytes of the peer's header table. */
  readonly tableBytes: number;
  /** Bytes of one stream that may come without being consumed. */
  readonly streamWindow: number;
  /** And what streams share beside theirs. */
  readonly sharedWindow: number;
  /** Streams a peer may have at a time; 0: no limit. */
  readonly maxStreams: number;
  readonly maxFrame: number;
  /** Extended CONNECT is understood (RFC 8441); of servers. */
  readonly takesConnect: boolean;
  /** Bytes of all fields of a head, with 32 for each. */
  readonly maxListBytes: number;
}

export const SETTING_BYTES = 6;

/** Writes what differs from what peers take for granted. `maxStreams`: as it is to be said now. */
export function writeSettings(output: Output, role: Role, settings: LocalSettings, maxStreams: number): void {
  const list: number[] = [];
  if (settings.tableBytes !== DEFAULT_TABLE) list.push(SETTING_TABLE, settings.tableBytes);
  if (role === 'client') list.push(SETTING_PUSH, 0);
  if (role === 'server' && maxStreams > 0) list.push(SETTING_STREAMS, maxStreams);
  if (settings.streamWindow !== DEFAULT_WINDOW) list.push(SETTING_WINDOW, settings.streamWindow);
  if (settings.maxFrame > LEAST_FRAME) list.push(SETTING_FRAME, settings.maxFrame);
  if (role === 'server' && settings.takesConnect) list.push(SETTING_CONNECT, 1);
  output.frame(SETTINGS, 0, 0, (list.length / 2) * SETTING_BYTES);
  for (let at = 0; at < list.length; at += 2) {
    output.uint16(list[at] as number);
    output.uint32(list[at + 1] as number);
  }
}

export class PeerSettings {
  /** Its SETTINGS have come. */
  known = false;
  tableBytes = DEFAULT_TABLE;
  /** Streams it takes at a time. */
  maxStreams = Infinity;
  streamWindow = DEFAULT_WINDOW;
  maxFrame = LEAST_FRAME;
  takesConnect = false;

  /** One setting. What is wrong with it; NO_ERROR: nothing. Unknown ones are ignored. */
  read(bytes: Buffer, at: number): number {
    const value = readUint32(bytes, at + 2);
    switch (((bytes[at] as number) << 8) | (bytes[at + 1] as number)) {
      case SETTING_TABLE:
        this.tableBytes = value;
        return NO_ERROR;
      case SETTING_PUSH:
        return value > 1 ? PROTOCOL_ERROR : NO_ERROR;
      case SETTING_STREAMS:
        this.maxStreams = value;
        return NO_ERROR;
      case SETTING_WINDOW:
        if (value > LARGEST_WINDOW) return FLOW_CONTROL_ERROR;
        this.streamWindow = value;
        return NO_ERROR;
      case SETTING_FRAME:
        if (value < LEAST_FRAME || value > LARGEST_FRAME) return PROTOCOL_ERROR;
        this.maxFrame = value;
        return NO_ERROR;
      case SETTING_CONNECT:
        this.takesConnect = value === 1;
        return NO_ERROR;
      default:
        return NO_ERROR;
    }
  }
}
