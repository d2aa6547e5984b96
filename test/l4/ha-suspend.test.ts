/** `ha_suspend` with a virtual address that comes and goes by VRRP. */
import { test } from 'node:test';
import { Lab, upon } from '../support/network-lab.ts';
import { requires } from '../support/requirement.ts';

function config(priority: number): string {
  return `vrrp_instance V {
    interface eth0
    virtual_router_id 51
    version 3
    priority ${priority}
    advert_int 0.1
    virtual_ipaddress {
      10.9.0.100/24
    }
  }
`;
}

const SERVICE = `virtual_server 10.9.0.100 80 {
    lvs_method NAT
    lvs_sched rr
    protocol TCP
    ha_suspend
    delay_loop 0.1
    real_server 10.9.0.2 80 {
      TCP_CHECK {
        retry 0
      }
    }
  }
`;

test('servers are checked while the address is here, and not any more when another router has it', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'keepalived', 'nft')) return;
  const lab = Lab.create(t, ['a', 'b']);
  const a = await lab.router('a', 'lb', config(100) + SERVICE);
  await a.enters('MASTER');
  await a.watched.line(/Activating healthchecker for service \[10\.9\.0\.2\]:tcp:80/);
  await a.watched.line(/Removing service \[10\.9\.0\.2\]:tcp:80/);
  const mark = a.mark;
  await upon(() => lab.router('b', 'keepalived', config(120)), [a, 'BACKUP']);
  await a.watched.line(/Suspending healthchecker for service \[10\.9\.0\.2\]:tcp:80/, mark);
});
