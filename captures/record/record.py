#!/usr/bin/python3
"""Records captures: all of them, or those named. Needs root and the packages of packages.txt; see ../README.md."""
import argparse
import importlib
import os
import pkgutil
import shutil
import signal
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import scenarios  # noqa: E402
from lab.scenario import SCENARIOS, Lab  # noqa: E402
ATTEMPTS = 2  # a busy machine may lose packets


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="captures to record (default: all); a trailing * matches a prefix")
    parser.add_argument("--list", action="store_true", help="only list them")
    parser.add_argument("--keep", action="store_true", help="keep the working directory and say where it is")
    args = parser.parse_args()
    for module in pkgutil.iter_modules(scenarios.__path__):
        importlib.import_module(f"scenarios.{module.name}")
    names = [n for n in SCENARIOS if not args.names or any(n == a or a.endswith("*") and n.startswith(a[:-1]) for a in args.names)]
    unknown = [a for a in args.names if not a.endswith("*") and a not in SCENARIOS]
    if unknown:
        sys.exit(f"no such capture: {', '.join(unknown)}")
    if args.list:
        for name in names:
            print(f"{name}\t{SCENARIOS[name][1]}")
        return 0
    if os.geteuid() != 0:
        sys.exit("root is needed for network namespaces")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    failed = [name for name in names if not any(record(name, args.keep) for _ in range(ATTEMPTS))]
    print(f"{len(names) - len(failed)} recorded" + (f", {len(failed)} failed: {' '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def record(name, keep):
    function, about, wires, requires = SCENARIOS[name]
    missing = [program for program in requires if not shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")]
    if missing:
        print(f"{name}: needs {', '.join(missing)}", flush=True)
        return False
    start, lab = time.monotonic(), None
    try:
        lab = Lab(name, about, wires)
        function(lab)
        lab.publish()
        print(f"{name}: {lab.verdict} ({time.monotonic() - start:.1f} s)", flush=True)
        return True
    except Exception:  # one scenario that fails must not keep the others from being recorded
        print(f"{name}: FAILED", flush=True)
        traceback.print_exc()
        return False
    finally:
        if lab:
            if keep:
                shutil.copytree(lab.tmp, f"/tmp/keep-{name}", dirs_exist_ok=True)
                print(f"kept /tmp/keep-{name}")
            lab.close()


if __name__ == "__main__":
    sys.exit(main())
