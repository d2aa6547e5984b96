/** Messages of the process about itself: how bad, what, and what it is about (for readers that take them apart). */
export type NoticeLevel = 'notice' | 'warning' | 'alert';

export interface NoticeContext {
  /** A part that HAProxy has not: it has no words for that, so none need to be kept. */
  readonly part?: 'vrrp' | 'l4' | 'threads' | 'engine' | 'control thread';
  readonly thread?: number;
  readonly proxy?: string;
  readonly server?: string;
  readonly file?: string;
  readonly line?: number;
}

export type Notice = (level: NoticeLevel, text: string, about?: NoticeContext) => void;

/** `process-log` in global, this program's own keyword. */
export type ProcessLogForm = 'auto' | 'haproxy' | 'json';
