/**
 * A connection as the kernel tracks it: attributes of ctnetlink (linux/netfilter/nfnetlink_conntrack.h) -> who asked for what,
 * and who answers. Pure; called by count-connections.ts.
 */
import { attributeIn } from './attribute.ts';

/** IPCTNL_MSG_CT_GET of NFNL_SUBSYS_CTNETLINK. */
export const LIST_TRACKED = 0x101;

const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_PROTOINFO = 4;
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
const SOURCE = { 4: 1, 6: 3 } as const;
const DESTINATION = { 4: 2, 6: 4 } as const;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_SRC_PORT = 2;
const CTA_PROTO_DST_PORT = 3;
/** CTA_PROTOINFO_TCP_STATE, CTA_PROTOINFO_SCTP_STATE. */
const STATE = 1;
/** By number of protocol: the attribute around its state, and the state of what is established. */
const ESTABLISHED: Readonly<Record<number, { readonly info: number; readonly state: number }>> = {
  6: { info: 1, state: 3 },
  132: { info: 3, state: 4 },
};

/** Addresses are bytes of the network as text (Latin 1), which can be compared. */
export interface TrackedConnection {
  readonly protocol: number;
  readonly askedAddress: string;
  readonly askedPort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
}

/** Undefined: it is not established (those of datagrams always are), or something else. */
export function readTracked(entry: Buffer, family: 4 | 6): TrackedConnection | undefined {
  const asked = attributeIn(entry, CTA_TUPLE_ORIG);
  const answering = attributeIn(entry, CTA_TUPLE_REPLY);
  const askedPorts = attributeIn(asked, CTA_TUPLE_PROTO);
  const answeringPorts = attributeIn(answering, CTA_TUPLE_PROTO);
  const protocol = attributeIn(askedPorts, CTA_PROTO_NUM)?.[0];
  const askedAddress = addressIn(attributeIn(asked, CTA_TUPLE_IP), DESTINATION[family]);
  const serverAddress = addressIn(attributeIn(answering, CTA_TUPLE_IP), SOURCE[family]);
  if (protocol === undefined || askedAddress === undefined || serverAddress === undefined) return undefined;
  if (!isEstablished(protocol, attributeIn(entry, CTA_PROTOINFO))) return undefined;
  return {
    protocol,
    askedAddress,
    askedPort: portIn(askedPorts, CTA_PROTO_DST_PORT),
    serverAddress,
    serverPort: portIn(answeringPorts, CTA_PROTO_SRC_PORT),
  };
}

function isEstablished(protocol: number, info: Buffer | undefined): boolean {
  const wanted = ESTABLISHED[protocol];
  return wanted === undefined || attributeIn(attributeIn(info, wanted.info), STATE)?.[0] === wanted.state;
}

function addressIn(tuple: Buffer | undefined, attribute: number): string | undefined {
  return attributeIn(tuple, attribute)?.toString('latin1');
}

function portIn(ports: Buffer | undefined, attribute: number): number {
  const bytes = attributeIn(ports, attribute);
  return bytes?.length === 2 ? bytes.readUInt16BE(0) : 0;
}
