/** keepalived.conf from disk: a directory, includes with patterns, what is missing. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXIT_CODE } from '../../src/config-parser/keepalived/report.ts';
import { readKeepalived } from '../../src/vrrp/read-config.ts';

function instance(name: string, id: number): string {
  return `vrrp_instance ${name} {
    interface nosuch0
    virtual_router_id ${id}
    virtual_ipaddress {
      10.0.0.${id}
    }
  }
`;
}

/** Whatever this host has. */
const ANYWHERE = 'global_defs {\n dynamic_interfaces\n}\n';

function inFolder(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'lb-conf-'));
  try {
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('includes follow patterns with wildcards and braces, relative to the file that includes', () => {
  inFolder(folder => {
    mkdirSync(join(folder, 'conf.d'));
    writeFileSync(
      join(folder, 'main.conf'),
      `${ANYWHERE}include conf.d/{b,a}*.conf\ninclude conf.d/[x-z].inc\n`,
    );
    writeFileSync(join(folder, 'conf.d/a1.conf'), instance('A', 1));
    writeFileSync(join(folder, 'conf.d/b1.conf'), `${instance('B', 2)}include y.inc\n`);
    writeFileSync(join(folder, 'conf.d/.b2.conf'), instance('HIDDEN', 9));
    writeFileSync(join(folder, 'conf.d/y.inc'), '');
    const { config, diagnostics } = readKeepalived(join(folder, 'main.conf'));
    assert.deepEqual(
      config.instances.map(one => one.name),
      ['B', 'A'],
    );
    assert.deepEqual(diagnostics, []);
  });
});

test('programs and folders that a pattern finds are passed over, and told of', () => {
  inFolder(folder => {
    mkdirSync(join(folder, 'conf.d/old.conf'), { recursive: true });
    writeFileSync(join(folder, 'conf.d/a.conf'), instance('A', 1));
    writeFileSync(join(folder, 'conf.d/b.conf'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    const path = join(folder, 'main.conf');
    writeFileSync(path, `${ANYWHERE}include conf.d/*\n`);
    const { config, diagnostics, status } = readKeepalived(path);
    assert.deepEqual(
      config.instances.map(one => one.name),
      ['A'],
    );
    assert.deepEqual(
      diagnostics.map(({ message }) => message.replace(folder, '')),
      [
        "include file '/conf.d/b.conf' is not a regular non-executable file - skipping",
        "include file '/conf.d/old.conf' is a directory - skipping",
      ],
    );
    assert.equal(status, 'fine');
    writeFileSync(path, `${ANYWHERE}includer conf.d/*\n`);
    assert.equal(readKeepalived(path).status, 'incomplete');
  });
});

test('a directory stands for the *.conf files in it', () => {
  inFolder(folder => {
    writeFileSync(join(folder, '1.conf'), instance('A', 1));
    writeFileSync(join(folder, '2.conf'), instance('B', 2));
    writeFileSync(join(folder, 'notes.txt'), 'nonsense');
    assert.deepEqual(
      readKeepalived(folder).config.instances.map(one => one.name),
      ['A', 'B'],
    );
  });
});

test('-t answers 4 for a missing file, 5 for a missing interface, 0 for a clean file', () => {
  inFolder(folder => {
    const path = join(folder, 'keepalived.conf');
    assert.equal(EXIT_CODE[readKeepalived(path).status], 4);
    writeFileSync(path, instance('A', 1));
    assert.equal(EXIT_CODE[readKeepalived(path).status], 5);
    writeFileSync(path, ANYWHERE + instance('A', 1));
    assert.equal(EXIT_CODE[readKeepalived(path).status], 0);
  });
});

test('a file that includes itself comes to an end with an error', () => {
  inFolder(folder => {
    const path = join(folder, 'keepalived.conf');
    writeFileSync(path, `include keepalived.conf\n${instance('A', 1)}`);
    assert.equal(EXIT_CODE[readKeepalived(path).status], 4);
  });
});

const SCRIPTS = `
  global_defs {
    script_user root
  }
  vrrp_script fine {
    script "true"
  }
  vrrp_script opens {
    script "</etc/hostname"
  }
  vrrp_script gone {
    script "/no/such/program now"
    weight 5
  }
  vrrp_script unknown {
    script "no-such-program -0 it"
  }
  vrrp_script foreign {
    script "true"
    user no-such-user
  }
  vrrp_instance A {
    interface nosuch0
    virtual_router_id 1
    track_interface {
      nosuch1
    }
    track_script {
      fine
      opens
      gone
      unknown
      foreign
    }
    virtual_ipaddress {
      10.0.0.1
    }
    notify /no/such/notify
  }
  virtual_server 10.0.0.1 80 {
    protocol TCP
    lvs_sched rr
    lvs_method NAT
    real_server 10.0.0.2 80 {
      MISC_CHECK {
        misc_path /no/such/check
      }
    }
  }
`;

test('programs that cannot be run are not tracked and check nothing, as in keepalived', () => {
  inFolder(folder => {
    const path = join(folder, 'keepalived.conf');
    writeFileSync(path, SCRIPTS);
    const { config, diagnostics, status } = readKeepalived(path);
    assert.deepEqual(
      config.instances[0]?.tracking.scripts.map(({ name }) => name),
      ['fine', 'opens'],
    );
    assert.deepEqual(config.virtualServers[0]?.realServers[0]?.checkers, []);
    assert.deepEqual(
      diagnostics.map(({ position, message }) => `${position.line} ${message}`),
      [
        '12 Disabling track script gone: /no/such/program is not an executable file for user root',
        '16 Disabling track script unknown: no-such-program is in no folder of PATH',
        '19 Disabling track script foreign: user no-such-user does not exist',
        "23 WARNING - interface nosuch0 for vrrp_instance A doesn't exist",
        "26 (A) tracked interface nosuch1 doesn't exist",
        '46 Disabling misc script /no/such/check: /no/such/check is not an executable file for user root',
        '38 this script cannot be run: /no/such/notify is not an executable file for user root',
        '6 SECURITY VIOLATION - scripts are being executed but script_security not enabled.',
      ],
    );
    assert.equal(status, 'insecure');
  });
});

test('a host address with a prefix length is that address; what includes do not find is told', () => {
  inFolder(folder => {
    const path = join(folder, 'keepalived.conf');
    const peers = 'unicast_src_ip 10.1.1.1/32\nunicast_peer {\n10.1.1.2/24\n}\n';
    writeFileSync(
      path,
      `${ANYWHERE}${instance('A', 1).replace('interface nosuch0', `interface nosuch0\n${peers}`)}include more/*.conf\n`,
    );
    const { config, diagnostics, status } = readKeepalived(path);
    assert.equal(config.instances[0]?.sourceIp, '10.1.1.1');
    assert.deepEqual(config.instances[0].unicastPeers, [{ address: '10.1.1.2' }]);
    assert.deepEqual(
      diagnostics.map(({ message }) => message),
      ["no file to include: 'more/*.conf'"],
    );
    assert.equal(status, 'fine');
  });
});
