#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes what the guest's client needs of a program container: plan.txt, network.elf and constants.bin in a folder.

    load_plan.py QAIC_QPC CONTAINER FOLDER

plan.txt: one line per DMA buffer and transfer, numbers only. client/plan.c reads it:

    name NETWORK
    constants STATIC_BYTES DYNAMIC_BYTES STATIC_ECC DYNAMIC_ECC
    buffer BYTES FROM_CARD
    transfer BUFFER HOST_OFFSET SIZE FROM_CARD SPACE MCID DEVICE_OFFSET DOORBELL_BITS ITS_MCID ITS_OFFSET ITS_DATA
        and four times VALUE INDEX PRESYNC COMMAND FLAGS
"""
import json
import pathlib
import struct
import subprocess
import sys

SPACES = {"multicast": 0, "ddr": 1, "dynamic_ddr": 2}
COMMANDS = {"nop": 0, "init": 1, "inc": 2, "dec": 3, "wait_eq": 4, "wait_ge": 5, "p": 6, "wait_gt_0": 6}
IN_FENCE, OUT_FENCE = 2, 1               # QAIC_SEM_INSYNCFENCE, QAIC_SEM_OUTSYNCFENCE


def semaphore(s):
    flags = (IN_FENCE if s["in_fence"] else 0) | (OUT_FENCE if s["out_fence"] else 0)
    return f"{s['value']} {s['number']} {int(s['when'] == 'before')} {COMMANDS[s['op']]} {flags}"


def transfer(r):
    bells = r["doorbells"]
    bell = bells[0] if len(bells) == 1 else {"bits": 0, "mcid": 0, "offset": 0, "data": 0}
    sems = [semaphore(s) for s in r["semaphores"]] + ["0 0 0 0 0"] * 4
    return " ".join(map(str, [
        "transfer", r["dma_buffer"], r["host_offset"], r["size"], int(r["direction"] == "from_card"), SPACES[r["space"]],
        r["mcid"], r["dev_offset"], bell["bits"], bell["mcid"], bell["offset"], bell["data"], *sems[:4]]))


def main():
    tool, container, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    show = json.loads(subprocess.run([tool, "show", "--json", container], check=True, capture_output=True).stdout)
    folder.mkdir(parents=True, exist_ok=True)
    segments = {s["name"] for s in show["segments"]}
    for name in ("network.elf", "constants.bin", "constantsdesc.bin"):
        if name in segments:
            subprocess.run([tool, "extract", "--segment", name, "--output", folder / name, container], check=True,
                           stdout=subprocess.DEVNULL)
    lines = [f"name {show['network']}"]
    if "constantsdesc.bin" in segments:
        lines.append("constants %d %d %d %d" % struct.unpack_from("<QQBB", (folder / "constantsdesc.bin").read_bytes()))
    lines += [f"buffer {b['size']} {int(b['direction'] == 'from_card')}" for b in show["dma_buffers"]]
    lines += [transfer(r) for r in show["dma_requests"]]
    (folder / "plan.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
