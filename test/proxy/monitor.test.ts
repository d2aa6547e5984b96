import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asksMonitor } from '../../src/proxy/request/monitor.ts';

test('a path as monitor-uri matches the path of any target, with regard to case', () => {
  assert.ok(asksMonitor('/health', '/health'));
  assert.ok(asksMonitor('/health', 'http://www.example.org/health'));
  assert.ok(asksMonitor('/', 'http://www.example.org'));
  assert.ok(!asksMonitor('/health', '/hEAlth'));
  assert.ok(!asksMonitor('/health', '/health2'));
  assert.ok(!asksMonitor('/health', 'http://www.example.org/other'));
});

test('a whole URI as monitor-uri matches that target only', () => {
  assert.ok(asksMonitor('http://www.example.org/health', 'http://www.example.org/health'));
  assert.ok(!asksMonitor('http://www.example.org/health', '/health'));
});
