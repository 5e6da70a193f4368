import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import { MediaJobError } from '@media-jobs/foundation';
import ipaddr from 'ipaddr.js';

/** Resolves a name, as `dns.lookup` with `all` does. */
export type ResolveHost = (hostname: string, options: LookupOptions & { readonly all: true }, callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void) => void;

/** What `net.connect` takes as `lookup`. */
export type GuardedLookup = (hostname: string, options: LookupOptions, callback: (error: Error | null, address: string | LookupAddress[], family?: number) => void) => void;

/** Options of `createNetworkGuard`. */
export interface NetworkGuardOptions {
  /**
   * Networks that may be reached although they are not public, such as `10.1.0.0/16` or `127.0.0.1/32`; `all` for whatever there
   * is. Default: none.
   */
  readonly allowedNetworks?: 'all' | readonly string[];
  /** Default: that of the system. */
  readonly resolveHost?: ResolveHost;
}

/** Says which addresses may be reached. */
export interface NetworkGuard {
  /** Whether this very address may be reached. */
  allows(address: string): boolean;
  /** Throws `DOWNLOAD_REFUSED` where the host is an address that may not be reached; a name is judged when it is resolved. */
  checkHost(hostname: string): void;
  /** Resolves a name to addresses that may all be reached: whoever connects, connects to what was checked. Fails with `DOWNLOAD_REFUSED`. */
  readonly lookup: GuardedLookup;
}

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Addresses of the public range by which a cloud serves its own machines: Azure's wire server. */
const cloudAddresses: ReadonlySet<string> = new Set(['168.63.129.16']);
/** All of IPv6 that is given out for the public network (RFC 4291, section 2.4). */
const publicV6: Network = ipaddr.parseCIDR('2000::/3');

/** Creates a guard. Throws `INVALID_OPTION`. */
export function createNetworkGuard({ allowedNetworks = [], resolveHost = systemLookup }: NetworkGuardOptions = {}): NetworkGuard {
  const allowed = allowedNetworks === 'all' ? 'all' : allowedNetworks.map(parseNetwork);
  const allows = (address: string): boolean => allowed === 'all' || isPublic(address) || allowed.some((network) => contains(network, address));
  return Object.freeze({
    allows,
    checkHost(hostname: string): void {
      const bare = hostname.replace(/^\[(.*)\]$/, '$1');
      if (isIP(bare) !== 0 && !allows(bare)) throw refusedAddress(hostname, bare);
    },
    lookup: (hostname, options, callback) => {
      resolveHost(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return callback(error, []);
        // One that is private among others that are not is a trap, not a choice.
        const refused = addresses.find(({ address }) => !allows(address));
        if (refused !== undefined) return callback(refusedAddress(hostname, refused.address), []);
        const [first] = addresses;
        if (options.all === true || first === undefined) return callback(null, addresses);
        callback(null, first.address, first.family);
      });
    },
  } satisfies NetworkGuard);
}

/** Whether an address belongs to the public network: no private, local, shared, reserved, documentation or translation range. */
export function isPublic(address: string): boolean {
  const parsed = parse(address);
  if (parsed === null || parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv6' ? parsed.match(publicV6) : !cloudAddresses.has(parsed.toString());
}

/** An IPv4 address in the clothes of IPv6 is what it is. Null for what is none. */
function parse(address: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  return isIP(address) === 0 ? null : ipaddr.process(address);
}

function contains(network: Network, address: string): boolean {
  const parsed = parse(address);
  return parsed !== null && parsed.kind() === network[0].kind() && parsed.match(network);
}

function parseNetwork(text: string): Network {
  if (typeof text === 'string' && ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  throw new MediaJobError('INVALID_OPTION', { message: `Expected \`allowedNetworks\` to be \`all\` or networks such as 10.1.0.0/16, got ${JSON.stringify(text)}.`, advice: 'A single IPv4 address ends in /32.', facts: { option: 'allowedNetworks' } });
}

/** What a wish for a private address is called. */
export function refusedAddress(hostname: string, address: string): MediaJobError {
  return new MediaJobError('DOWNLOAD_REFUSED', {
    message: `Expected ${JSON.stringify(hostname)} to lie in the public network, got ${address}.`,
    advice: 'Give a public address, or allow its network with `allowedNetworks`.',
    facts: { hostname, address },
  });
}
