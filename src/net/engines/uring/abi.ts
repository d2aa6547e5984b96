/** The numbers of io_uring's interface to programs (linux/io_uring.h) that are used here. */
export const SYS_IO_URING_SETUP = 425;
export const SYS_IO_URING_ENTER = 426;
export const SYS_IO_URING_REGISTER = 427;

export const SETUP_CQSIZE = 1 << 3;
export const SETUP_CLAMP = 1 << 4;
export const SETUP_SUBMIT_ALL = 1 << 7;
export const SETUP_SINGLE_ISSUER = 1 << 12;
export const SETUP_DEFER_TASKRUN = 1 << 13;

export const FEAT_SINGLE_MMAP = 1;
export const FEAT_EXT_ARG = 1 << 8;

export const OFFSET_RINGS = 0;
export const OFFSET_SQES = 0x10000000;

export const ENTER_GETEVENTS = 1;
export const ENTER_EXT_ARG = 8;
export const ENTER_REGISTERED_RING = 16;

export const REGISTER_RING_FDS = 20;
export const REGISTER_PBUF_RING = 22;

/** Set by the kernel in the submission ring's flags: completions wait for room in the completion ring. */
export const SQ_CQ_OVERFLOW = 2;

export const OP_POLL_ADD = 6;
export const OP_ACCEPT = 13;
export const OP_ASYNC_CANCEL = 14;
export const OP_CONNECT = 16;
export const OP_CLOSE = 19;
export const OP_SEND = 26;
export const OP_RECV = 27;

export const SQE_BUFFER_SELECT = 1 << 5;
export const SQE_CQE_SKIP_SUCCESS = 1 << 6;

/** In `ioprio` of receives and accepts. */
export const RECVSEND_POLL_FIRST = 1;
export const RECV_MULTISHOT = 2;
export const ACCEPT_MULTISHOT = 1;

export const ASYNC_CANCEL_ALL = 1;
export const ASYNC_CANCEL_FD = 2;
export const ASYNC_CANCEL_ANY = 4;

/** In a completion's flags; the buffer's number stands above. */
export const CQE_BUFFER = 1;
export const CQE_MORE = 2;
export const CQE_SOCK_NONEMPTY = 4;
export const CQE_BUFFER_SHIFT = 16;

export const MSG_DONTWAIT = 0x40;
export const MSG_WAITALL = 0x100;
export const MSG_NOSIGNAL = 0x4000;

export const POLLIN = 1;
export const POLLOUT = 4;

export const EAGAIN = 11;
export const EINTR = 4;
export const EPIPE = 32;
export const ECONNRESET = 104;
export const ENOBUFS = 105;
export const ECANCELED = 125;
