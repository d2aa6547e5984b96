/** `lb -c -k` answers with the number that `keepalived -t` has for the same file, in a namespace with an interface. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LB } from '../support/balancer.ts';
import { Lab } from '../support/network-lab.ts';
import { requires } from '../support/requirement.ts';

const INSTANCE = `vrrp_instance V {
  interface eth0
  virtual_router_id 51
  priority 100
  virtual_ipaddress {
    10.9.0.100
  }
}
`;

function withLines(...lines: readonly string[]): string {
  return INSTANCE.replace('priority 100', ['priority 100', ...lines].join('\n'));
}

const PASSWORD = ['authentication {', 'auth_type PASS', 'auth_pass 1111', '}'];
const SCRIPT = 'vrrp_script s {\n script /bin/true\n}\n';
const TRACKED = withLines('track_script {', 's', '}');
const SERVICE = `virtual_server 10.9.0.100 80 {
  delay_loop 6
  lb_algo rr
  lb_kind NAT
  persistence_timeout 50
  protocol TCP
  real_server 10.9.0.9 80 {
    weight 1
    TCP_CHECK {
      connect_port 80
      connect_timeout 3
      delay_before_retry 3
      RETRY
    }
  }
}
`;
const STRICT = 'global_defs {\n vrrp_strict\n}\n';
const TUTORIAL = `global_defs {
  router_id LVS_DEVEL
  vrrp_skip_check_adv_addr
  vrrp_strict
  vrrp_garp_interval 0
  vrrp_gna_interval 0
}
${withLines('state MASTER', 'advert_int 1', ...PASSWORD)}${SERVICE.replace('RETRY', 'nb_get_retry 3')}`;

const DONE = SERVICE.replace('RETRY', 'retry 3');
const OTHER = 'real_server 10.9.0.9 80 {\n }\n';
const GROUP = 'virtual_server_group G {\n 10.9.0.100 80\n 10.9.0.101-103 80\n}\n';
const OF_GROUP = DONE.replace('10.9.0.100 80', 'group G');
const TRACKED_FILE = 'track_file f {\n file /run/no-such-file\n MORE\n}\n';
const TRACKING_FILE = withLines('track_file {', 'f', '}');

function checkedBy(words: string): string {
  const http = `HTTP_GET {\nurl {\n${words.includes('path') ? '' : 'path /\n'}${words}\n}\n}\n`;
  return DONE.replace('TCP_CHECK', `${http}TCP_CHECK`);
}

/** Files with services alone. */
const SERVICES: Readonly<Record<string, string>> = {
  'no scheduler': DONE.replace('lb_algo rr', ''),
  'an unknown scheduler': DONE.replace('rr', 'foo'),
  'no method': DONE.replace('lb_kind NAT', ''),
  'no protocol': DONE.replace('protocol TCP', ''),
  'a mark': DONE.replace('10.9.0.100 80', 'fwmark 3').replace('protocol TCP', ''),
  'a mark with a protocol': DONE.replace('10.9.0.100 80', 'fwmark 3'),
  'no port': DONE.replace('10.9.0.100 80', '10.9.0.100'),
  'no port, not persistent': DONE.replace('10.9.0.100 80', '10.9.0.100').replace(
    'persistence_timeout 50',
    '',
  ),
  'a port out of range': DONE.replace('10.9.0.100 80', '10.9.0.100 99999'),
  'no time of persistence': DONE.replace('persistence_timeout 50', 'persistence_timeout 0'),
  'a group': GROUP + OF_GROUP,
  'a range from last to first': GROUP.replace('101-103', '103-101') + OF_GROUP,
  'a group with marks': GROUP.replace('{', '{\n fwmark 4') + OF_GROUP,
  'an empty group': `virtual_server_group G {\n}\n${OF_GROUP}`,
  'no real server': 'virtual_server 10.9.0.100 80 {\n protocol TCP\n lb_algo rr\n lb_kind NAT\n}\n',
  'a real server of the other family': DONE.replace('real_server 10.9.0.9', 'real_server fd09::9'),
  'a sorry server': DONE.replace('protocol', 'sorry_server 10.9.0.8 80\nprotocol'),
  'a sorry server of the other family': DONE.replace('protocol', 'sorry_server fd09::8 80\nprotocol'),
  'a real server twice': DONE.replace('real_server', `${OTHER}real_server`),
  'direct routing to another port': DONE.replace('NAT', 'DR').replace('0.9 80', '0.9 81'),
  'translation to another port': DONE.replace('0.9 80', '0.9 81'),
  'a quorum out of reach': DONE.replace('protocol', 'quorum 2\nprotocol'),
  'hysteresis above quorum': DONE.replace('protocol', 'hysteresis 2\nprotocol'),
  'one packet scheduling for TCP': DONE.replace('protocol', 'ops\nprotocol'),
  'a weight out of range': DONE.replace('weight 1', 'weight -1'),
  'a status that is none': checkedBy('status_code 999'),
  'a range of statuses that ends too late': checkedBy('status_code 200-600'),
  'the last status': checkedBy('status_code 599'),
  'a url without a path': checkedBy('status_code 200\n}\nurl {\npath /'),
  'a time that is none': DONE.replace('connect_timeout 3', 'connect_timeout abc'),
};

const FILES: Readonly<Record<string, string>> = {
  'a plain instance': INSTANCE,
  'a virtual server beside it': INSTANCE + SERVICE.replace('RETRY', 'retry 3'),
  'the usual tutorial': TUTORIAL,
  'strict mode': STRICT + INSTANCE,
  'strict mode, state MASTER': STRICT + withLines('state MASTER'),
  'strict mode with a password': STRICT + withLines(...PASSWORD),
  'a password that is too long': withLines(...PASSWORD).replace('1111', '123456789'),
  'an unknown word': `no_such_word\n${INSTANCE}`,
  'an unknown word in a block': withLines('no_such_word'),
  'an unknown word in a checker': INSTANCE + SERVICE.replace('RETRY', 'nb_get_retry 3'),
  'an unknown block': withLines('no_such_block {', 'word', '}'),
  'an interface that is missing': INSTANCE.replace('eth0', 'nosuch0'),
  'a priority out of range': INSTANCE.replace('priority 100', 'priority 300'),
  'a router id out of range': INSTANCE.replace('51', '351'),
  'no router id': INSTANCE.replace('virtual_router_id 51', ''),
  'no address': INSTANCE.replace('10.9.0.100', ''),
  'a router id twice': INSTANCE + INSTANCE.replace(' V ', ' W '),
  'nopreempt and state MASTER': withLines('nopreempt', 'state MASTER'),
  'an interval too short for version 2': withLines('advert_int 0.1'),
  'a script of root': SCRIPT + TRACKED,
  'a script of root and an unknown word': `${SCRIPT}no_such_word\n${TRACKED}`,
  'a script with script security': `global_defs {\n enable_script_security\n script_user root\n}\n${SCRIPT}${TRACKED}`,
  'an account for scripts that does not exist': `global_defs {\n script_user no-such-user\n}\n${INSTANCE}`,
  'a group for scripts that does not exist': `global_defs {\n script_user root no-such-group\n}\n${INSTANCE}`,
  'a script for an account that does not exist': `global_defs {\n script_user no-such-user\n}\n${withLines('notify_master /bin/true')}`,
  'a mail server without address': `global_defs {\n smtp_server no-such-host.invalid\n}\n${INSTANCE}`,
  'a mail server by name': `global_defs {\n smtp_server localhost\n}\n${INSTANCE}`,
  'a route with a number that is none': withLines(
    'virtual_routes {',
    '10.5.0.0/16 via 10.9.0.9 quickack on',
    '}',
  ),
  'the loopback': INSTANCE.replace('eth0', 'lo'),
  'the loopback, unicast': withLines('unicast_peer {', '10.9.0.9', '}').replace('eth0', 'lo'),
  'a tracked file': TRACKED_FILE.replace('MORE', 'weight -254') + TRACKING_FILE,
  'a weight of a file out of range': TRACKED_FILE.replace('MORE', 'weight 255') + TRACKING_FILE,
  'a tracked file that begins out of range': TRACKED_FILE.replace('MORE', 'init_file 255') + TRACKING_FILE,
  'a weight of a tracked file out of range':
    TRACKED_FILE.replace('MORE', '') + withLines('track_file {', 'f weight 255', '}'),
  'a weight of a tracked interface that is cut': withLines('track_interface {', 'lo weight 254', '}'),
  'its own interface tracked': withLines('track_interface {', 'eth0 weight 10', '}'),
  'a missing file is included': `include missing.conf\n${INSTANCE}`,
  'a missing file has to be included': `includem missing.conf\n${INSTANCE}`,
  'no file of a folder has to be included': `includem ./missing*.conf\n${INSTANCE}`,
  'no file of a missing folder has to be included': `includem missing/*.conf\n${INSTANCE}`,
  'one of two files has to be included': `includeb {checked,missing}.inc\n${INSTANCE}`,
  'files of two patterns have to be included': `includeb {checked,missing}*.inc\n${INSTANCE}`,
  'a program is included': `include /bin/true\n${INSTANCE}`,
  'a program has to be included': `includer /bin/true\n${INSTANCE}`,
  'a folder is included': `include /bin\n${INSTANCE}`,
  'a folder has to be included': `includer /bin\n${INSTANCE}`,
  ...SERVICES,
  'a block that is never closed': 'vrrp_instance V {\n interface eth0\n',
};

test('lb -c -k answers as keepalived -t does', t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'keepalived')) return;
  const lab = Lab.create(t, ['a']);
  const path = join(lab.folder, 'checked.conf');
  writeFileSync(join(lab.folder, 'checked.inc'), '');
  const answerOf = (...command: readonly string[]): number | null =>
    spawnSync('ip', ['netns', 'exec', `${lab.prefix}a`, ...command, path]).status;
  const different = Object.entries(FILES).flatMap(([name, text]) => {
    writeFileSync(path, text);
    const [theirs, ours] = [answerOf('keepalived', '-t', '-f'), answerOf(LB, '-c', '-k')];
    return theirs === ours ? [] : [`${name}: keepalived ${theirs}, lb ${ours}`];
  });
  assert.deepEqual(different, []);
});
