// A policy trace of any size: transactions of many clients and sites interleaved, some of them guilty. Seeded, so that runs compare.
import { closeSync, openSync, writeSync } from "node:fs";

/** Clients and sites of the made proxy. */
const CLIENTS = 400;
const SITES = 3_000;
/** Bytes written at a time. */
const BLOCK = 1 << 20;
/** Of so many tunnels one is asked with 401 inside. */
const GUILTY_EVERY = 50;
/** Rules that a real policy asks before one matches. */
const MISSES = 12;

/** Numbers that look random and are always the same. */
function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const RULE = "authenticate(corp) authenticate.force(no) authenticate.mode(proxy)";
const INSIDE = "authenticate(domain1) authenticate.force(no) authenticate.mode(proxy-ip)";

function transaction(id, client, time, request, { inside, refused, status }) {
  const lines = ["start transaction -------------------", `  transaction ID=${id}`, '  <Proxy "Authentication">'];
  for (let i = 0; i < MISSES; i++) lines.push(`    miss:         url.domain=//site${i}.example.net/ ${INSIDE}`);
  if (refused) lines.push(`    MATCH:         url.scheme=https url.domain=//site.example.com/ ${INSIDE}`);
  else lines.push(`    MATCH:         client.address=10.0.0.0/8 ${inside ? "ALLOW" : RULE}`);
  lines.push(
    `  connection: service.name=Explicit HTTP client.address=${client} proxy.port=8080 client.interface=0:0.1 routing-domain=default`,
    "    location-id=0 access_type=unknown",
    `  time: ${new Date(time).toISOString().slice(0, 19).replace("T", " ")} UTC`,
    `  ${request}`,
    "    DNS lookup was unrestricted",
    "  User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0",
    refused ? "  user: unauthenticated" : '  user: name="EXAMPLE\\user" realm=corp',
    "  authentication start 0 elapsed 0 ms",
    `  authentication status='${refused ? "need_credentials" : "none"}' authorization status='not_attempted'`,
  );
  if (refused) lines.push("  EXCEPTION(authentication_failed): Authentication failed");
  lines.push(
    "  url.category: Technology/Internet@Blue Coat",
    "    total categorization time: 1",
    `  server.response.code: ${inside && !refused ? status : 0}`,
    `  client.response.code: ${status}`,
    "  application.name: none",
    "stop transaction --------------------",
    "",
  );
  return lines.join("\n");
}

/** Writes about `bytes` bytes to `path`; gives how many transactions, tunnels and guilty tunnels it has. */
export function writeTrace(path, bytes) {
  const pick = random(7);
  const file = openSync(path, "w");
  let [time, id, written, block] = [Date.UTC(2026, 0, 1), 1, 0, ""];
  const counts = { bytes: 0, transactions: 0, tunnels: 0, guilty: 0 };
  while (written < bytes) {
    // Tunnels of several clients at once, stage by stage.
    const batch = Array.from({ length: 8 }, () => ({
      client: `10.1.${pick(4)}.${pick(CLIENTS / 4)}`,
      host: `site${pick(SITES)}.example.com`,
      guilty: counts.tunnels++ % GUILTY_EVERY === 0,
    }));
    time += 1000 + pick(3000);
    for (const stage of ["connect", "tls", "https"]) {
      for (const { client, host, guilty } of batch) {
        const refused = guilty && stage === "https";
        const request = {
          connect: `CONNECT tcp://${host}:443/`,
          tls: `unknown ssl://${host}:443/`,
          https: `GET https://${host}/`,
        };
        block += transaction(id++, client, time, request[stage], {
          inside: stage !== "connect",
          refused,
          status: refused ? 401 : 200,
        });
        counts.transactions++;
        if (refused) counts.guilty++;
      }
    }
    if (block.length >= BLOCK) {
      written += writeSync(file, block);
      block = "";
    }
  }
  written += writeSync(file, block);
  closeSync(file);
  return { ...counts, bytes: written };
}
