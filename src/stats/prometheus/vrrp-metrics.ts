/** Virtual addresses as metrics: this program's own, for HAProxy has none. Called by exposition.ts. */
import type { InstanceSnapshot, VrrpSnapshot, VrrpState } from '../../model/vrrp-snapshot.ts';

interface VrrpMetric {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly samples: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

const STATES: readonly VrrpState[] = ['INIT', 'BACKUP', 'MASTER', 'FAULT'];

type Row = readonly [
  name: string,
  help: string,
  type: VrrpMetric['type'],
  value: (instance: InstanceSnapshot) => number,
];

const ROWS: readonly Row[] = [
  ['priority', 'Priority with what tracking adds.', 'gauge', one => one.effectivePriority],
  [
    'holds_addresses',
    '1: the virtual addresses are on this host.',
    'gauge',
    one => Number(one.holdsAddresses),
  ],
  ['faults', 'Reasons for the state FAULT.', 'gauge', one => one.faults.length],
  [
    'last_transition_timestamp_seconds',
    'When the state changed last.',
    'gauge',
    one => one.lastTransition / 1000,
  ],
  ['transitions_total', 'Changes of state.', 'counter', one => one.transitions],
  ['became_master_total', 'Times it became master.', 'counter', one => one.counters.becameMaster],
  ['released_master_total', 'Times it gave mastership up.', 'counter', one => one.counters.releasedMaster],
  ['adverts_sent_total', 'Advertisements sent.', 'counter', one => one.counters.advertsSent],
  [
    'adverts_received_total',
    'Valid advertisements received.',
    'counter',
    one => one.counters.advertsReceived,
  ],
  [
    'priority_zero_sent_total',
    'Advertisements that gave up, sent.',
    'counter',
    one => one.counters.priorityZeroSent,
  ],
  [
    'priority_zero_received_total',
    'Advertisements that gave up, received.',
    'counter',
    one => one.counters.priorityZeroReceived,
  ],
  ['send_errors_total', 'Advertisements that could not be sent.', 'counter', one => one.counters.sendErrors],
  [
    'address_list_mismatches_total',
    'Advertisements with other addresses.',
    'counter',
    one => one.counters.addressListDiffers,
  ],
  [
    'interval_mismatches_total',
    'Advertisements with another interval.',
    'counter',
    one => one.counters.intervalDiffers,
  ],
  [
    'adverts_late_total',
    'Advertisements sent later than a tenth of their interval.',
    'counter',
    one => one.counters.advertsLate,
  ],
  [
    'worst_lateness_seconds',
    'The worst lateness of an advertisement.',
    'gauge',
    one => one.counters.worstLatenessMs / 1000,
  ],
];

function vrrpMetrics({
  instances,
  unknownRouterIds,
  brokenPackets,
  droppedPackets,
}: VrrpSnapshot): VrrpMetric[] {
  return [
    {
      name: 'lb_vrrp_state',
      help: 'The state an instance is in has the value 1.',
      type: 'gauge',
      samples: instances.flatMap(one =>
        STATES.map(state => ({ labels: { ...labelsOf(one), state }, value: Number(one.state === state) })),
      ),
    },
    ...ROWS.map(([name, help, type, value]): VrrpMetric => ({
      name: `lb_vrrp_${name}`,
      help,
      type,
      samples: instances.map(one => ({ labels: labelsOf(one), value: value(one) })),
    })),
    {
      name: 'lb_vrrp_bad_packets_total',
      help: 'Packets thrown away, by what was wrong with them.',
      type: 'counter',
      samples: instances.flatMap(one =>
        Object.entries(one.counters.bad).map(([kind, value]) => ({
          labels: { ...labelsOf(one), kind },
          value,
        })),
      ),
    },
    single('unknown_router_id_packets_total', 'Packets for router ids nobody here has.', unknownRouterIds),
    single('broken_packets_total', 'Packets too broken to tell whom they were for.', brokenPackets),
    single('dropped_packets_total', 'Packets that came faster than they are read.', droppedPackets),
  ];
}

export function renderVrrpMetrics(snapshot: VrrpSnapshot, wants: (name: string) => boolean): string {
  return vrrpMetrics(snapshot)
    .filter(({ name, samples }) => samples.length > 0 && wants(name))
    .map(
      ({ name, help, type, samples }) =>
        `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n` +
        samples.map(({ labels, value }) => `${name}${labelText(labels)} ${value}\n`).join(''),
    )
    .join('');
}

function labelsOf({ name, interface: device, virtualRouterId }: InstanceSnapshot): Record<string, string> {
  return { instance: name, interface: device, virtual_router_id: String(virtualRouterId) };
}

function single(name: string, help: string, value: number): VrrpMetric {
  return { name: `lb_vrrp_${name}`, help, type: 'counter', samples: [{ labels: {}, value }] };
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escape(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escape(value: string): string {
  return value.replace(/["\\\n]/g, char => (char === '\n' ? '\\n' : `\\${char}`));
}
