// The table of layers: for each name the function that reads its header.
import { type Cursor, FIRST_LAYER, type LayerName, STEP, type Step } from "./cursor.ts";
import { etherType } from "./ether-type.ts";
import { arcnetBsd, arcnetLinux, ethernet, fddi, llc, tokenRing } from "./ethernet.ts";
import { erspan, gre, wccp } from "./gre.ts";
import { icmp, icmpv6 } from "./icmp.ts";
import { ipv4, rawIp } from "./ipv4.ts";
import { ah, ipv6, ipv6Extension, ipv6Fragment, ipv6Routing } from "./ipv6.ts";
import { mpls } from "./mpls.ts";
import { ayiya, geneve, gtp, l2tp, lisp, teredo, tzsp, vxlan, vxlanGpe } from "./overlays.ts";
import { ciscoHdlc, frameRelay, ppp, pppoe } from "./point-to-point.ts";
import { bsdLoop, bsdNull, cooked, cooked2, juniperEthernet, nflog, pflog, pktap, ppi } from "./recorder.ts";
import { tcp } from "./tcp-header.ts";
import { udp } from "./udp.ts";
import { capwap, prism, radiotap, wireless, wirelessSwapped } from "./wireless.ts";

/** Reads the header at the cursor, moves the cursor behind it and says what stands there. */
type ReadLayer = (c: Cursor) => Step;

const BY_NAME: Readonly<Record<LayerName, ReadLayer>> = {
  ah,
  arcnetBsd,
  arcnetLinux,
  ayiya,
  bsdLoop,
  bsdNull,
  capwap,
  ciscoHdlc,
  cooked,
  cooked2,
  erspan,
  ethernet,
  etherType,
  fddi,
  frameRelay,
  geneve,
  gre,
  gtp,
  icmp,
  icmpv6,
  ipv4,
  ipv6,
  ipv6Extension,
  ipv6Fragment,
  ipv6Routing,
  juniperEthernet,
  l2tp,
  lisp,
  llc,
  mpls,
  nflog,
  pflog,
  pktap,
  ppi,
  ppp,
  pppoe,
  prism,
  radiotap,
  rawIp,
  tcp,
  teredo,
  tokenRing,
  tzsp,
  udp,
  vxlan,
  vxlanGpe,
  wccp,
  wireless,
  wirelessSwapped,
};

/** The function of each layer, by its number in `STEP`. */
export const LAYERS: readonly ReadLayer[] = Object.entries(STEP).map(([name, step]) =>
  step < FIRST_LAYER ? () => step : BY_NAME[name as LayerName],
);
