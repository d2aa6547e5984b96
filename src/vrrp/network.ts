/**
 * The kernel's network as vrrp/ uses it: interfaces and addresses (rtnetlink) and announcements (packet socket). All
 * calls are synchronous and small. Tests bring their own `Network`.
 */
import type { IpAddress } from '../base/ip-address.ts';
import { sameIp } from '../base/ip-address.ts';
import type { IpAddressEntry } from '../model/ip-entry.ts';
import { closeDescriptor } from '../net/system-calls.ts';
import { announcementOf } from './announcement.ts';
import { ipOf } from './ip-bytes.ts';
import { AF_PACKET, linkAddress, openRawSocket, sendTo, SOCK_RAW } from './kernel-calls.ts';
import {
  addressOf,
  anyAddress,
  anyLink,
  linkOf,
  localRouteBody,
  newAddressBody,
  oldAddressBody,
  type HeldAddress,
  type Link,
} from './links.ts';
import {
  NLM_F_CREATE,
  NLM_F_REPLACE,
  RTM_DELADDR,
  RTM_DELROUTE,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_NEWADDR,
  RTM_NEWROUTE,
} from './netlink-message.ts';
import { Rtnetlink } from './rtnetlink.ts';

export interface Network {
  /** Reads interfaces and addresses again; called before decisions and after events. */
  refresh(): void;
  link(name: string): Link | undefined;
  linkOfIndex(index: number): Link | undefined;
  links(): readonly Link[];
  /** As of the last refresh. */
  addresses(): readonly HeldAddress[];
  /** 0 or a negative errno; an address that is there already is fine. */
  addAddress(entry: IpAddressEntry, link: Link): number;
  /** 0 or a negative errno; one that is not there is fine. */
  removeAddress(entry: IpAddressEntry, link: Link): number;
  announce(ip: IpAddress, link: Link, isRouter: boolean): number;
  /** Packets for an IPv4 address that no interface has are ours all the same. 0 or a negative errno. */
  addLocalRoute(ip: IpAddress): number;
  removeLocalRoute(ip: IpAddress): number;
  close(): void;
}

const EADDRNOTAVAIL = 99;
const ENODEV = 19;

export class KernelNetwork implements Network {
  readonly #netlink = new Rtnetlink();
  readonly #packets = openRawSocket(AF_PACKET, SOCK_RAW, 0);
  #links: ReadonlyMap<string, Link> = new Map();
  #linksByIndex: ReadonlyMap<number, Link> = new Map();
  #addresses: readonly HeldAddress[] = [];

  constructor() {
    this.refresh();
  }

  refresh(): void {
    const links = this.#netlink.dump(RTM_GETLINK, anyLink()).map(linkOf);
    this.#links = new Map(links.map(link => [link.name, link]));
    this.#linksByIndex = new Map(links.map(link => [link.index, link]));
    this.#addresses = this.#netlink
      .dump(RTM_GETADDR, anyAddress())
      .map(addressOf)
      .filter(address => address !== undefined);
  }

  link(name: string): Link | undefined {
    return this.#links.get(name);
  }

  linkOfIndex(index: number): Link | undefined {
    return this.#linksByIndex.get(index);
  }

  links(): readonly Link[] {
    return [...this.#links.values()];
  }

  addresses(): readonly HeldAddress[] {
    return this.#addresses;
  }

  addAddress(entry: IpAddressEntry, link: Link): number {
    return this.#netlink.change(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, newAddressBody(entry, link));
  }

  removeAddress(entry: IpAddressEntry, link: Link): number {
    const result = this.#netlink.change(RTM_DELADDR, 0, oldAddressBody(entry, link));
    return result === -EADDRNOTAVAIL || result === -ENODEV ? 0 : result;
  }

  announce(ip: IpAddress, link: Link, isRouter: boolean): number {
    const { bytes, etherType, destination } = announcementOf(ip, link.mac, isRouter);
    return Math.min(0, sendTo(this.#packets, bytes, linkAddress(link.index, etherType, destination)));
  }

  addLocalRoute(ip: IpAddress): number {
    return this.#netlink.change(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, this.#localRoute(ip));
  }

  removeLocalRoute(ip: IpAddress): number {
    return this.#netlink.change(RTM_DELROUTE, 0, this.#localRoute(ip));
  }

  #localRoute(ip: IpAddress): Buffer {
    return localRouteBody(ip, this.link('lo')?.index ?? 1);
  }

  close(): void {
    this.#netlink.close();
    closeDescriptor(this.#packets);
  }
}

export function holds(network: Network, entry: IpAddressEntry, link: Link): boolean {
  const ip = ipOf(entry.address);
  return network.addresses().some(address => address.link === link.index && sameIp(address.ip, ip));
}
