import { createNetworkGuard, isPublic } from '@media-jobs/download';
import { expect, test } from 'vitest';

test.each([
  '0.0.0.0', '10.1.2.3', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.0.2.1', '192.168.0.1',
  '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '168.63.129.16',
  '::', '::1', '::7f00:1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::1', '100::1', '2001::1', '2001:db8::1', '2002:7f00:1::', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '4000::1',
  'localhost', '', '1.2.3', '127.1',
])('%s is not public', (address) => {
  expect(isPublic(address)).toBe(false);
});

test.each(['1.1.1.1', '93.184.216.34', '172.32.0.1', '2606:4700:4700::1111', '2a00:1450:4001:800::200e', '::ffff:1.1.1.1'])('%s is public', (address) => {
  expect(isPublic(address)).toBe(true);
});

test('a network that is allowed is reached in either spelling, and nothing beside it', () => {
  const guard = createNetworkGuard({ allowedNetworks: ['10.1.0.0/16', 'fd00:1::/32'] });
  expect(['10.1.255.1', '::ffff:10.1.0.1', 'fd00:1::5'].every((address) => guard.allows(address))).toBe(true);
  expect(['10.2.0.1', 'fd00:2::5'].some((address) => guard.allows(address))).toBe(false);
});
