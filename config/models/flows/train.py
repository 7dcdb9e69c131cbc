#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Trains the flow classifier on train.pcap.xz, tries it on test.pcap, and writes flows.onnx, labels.u8 and facts.json.

Needs Debian's python3-torch; no network. What a packet is, is said by the port its server listens on (which program it
was: record.py); the features hold no port. Fixed seeds, one thread, deterministic kernels.
"""
import argparse
import hashlib
import json
import pathlib
import platform
import sys

import numpy as np
import torch

from features import N_FEATURES, features_of
from offline import NONE, labels_of, layers_of, logits_of

OPSET = 11  # read by OpenCV dnn 4.6
BATCH = 32
CLASSES = ("bulk", "dns", "interactive", "ping", "stream", "web")
SERVED_BY = {(6, 8081): "bulk", (6, 2222): "bulk", (17, 53): "dns", (6, 22): "interactive", (17, 5201): "stream",
             (6, 8080): "web"}
# Powers of two: folded into the first layer's weights they change no bit of the result.
SCALE = torch.tensor([1 / 16] * 4 + [1 / 512] * 4 + [1 / 16] * 4 + [1, 1] + [1 / 256] * 2)
FILES = ("train.pcap.xz", "test.pcap", "flows.onnx", "labels.u8")


def truth_of(keys):
    """The class of each packet; NONE for what is neither trained on nor counted (neighbours, iperf3's control)."""
    truth = np.full(len(keys), NONE)
    for i, key in enumerate(keys):
        if key is None:
            continue
        (_, source), (_, target), protocol = key
        name = SERVED_BY.get((protocol, target)) or SERVED_BY.get((protocol, source))
        if protocol in (1, 58) and source:  # an echo has its identifier there
            name = "ping"
        if name:
            truth[i] = CLASSES.index(name)
    return truth


def make_net():
    return torch.nn.Sequential(torch.nn.Linear(N_FEATURES, 32), torch.nn.ReLU(), torch.nn.Linear(32, 32),
                               torch.nn.ReLU(), torch.nn.Linear(32, len(CLASSES)))


def train(net, x, y, epochs, seed):
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    # Without it the network learns how busy each program was, not what it looks like.
    weight = 1 / torch.bincount(y, minlength=len(CLASSES)).float().clamp(min=1).sqrt()
    for epoch in range(epochs):
        total = 0.0
        for chosen in torch.randperm(len(x), generator=generator).split(64):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(net(x[chosen]), y[chosen], weight=weight)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chosen)
        schedule.step()
        if (epoch + 1) % 10 == 0:
            print(f"epoch {epoch + 1:3d}/{epochs}  mean loss {total / len(x):.4f}")


def by_batches(net, features):
    """As the exported graph runs: 32 rows at once, the last ones filled up with zeros."""
    padded = torch.zeros((len(features) + BATCH - 1) // BATCH * BATCH, N_FEATURES)
    padded[:len(features)] = torch.from_numpy(features)
    with torch.no_grad():
        return torch.cat([net(part) for part in padded.split(BATCH)])[:len(features)].numpy()


def figures(truth, labels, features):
    counted = truth != NONE
    right = counted & (truth == labels)
    # The first packets of a connection look the same whatever follows.
    later = counted & (features[:, 0] >= 2) & (features[:, 1] >= 2)  # lg(3): three packets each way
    confusion = [[int(((truth == i) & (labels == j)).sum()) for j in range(len(CLASSES))] for i in range(len(CLASSES))]
    return {"packets": len(truth), "counted": int(counted.sum()), "correct": int(right.sum()),
            "accuracy": round(float(right.sum() / counted.sum()), 6), "later_packets": int(later.sum()),
            "later_accuracy": round(float((right & later).sum() / later.sum()), 6), "confusion": confusion}


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=2, help="for the weights and the order of the packets")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--min-accuracy", type=float, default=0.85, help="refuse to write anything below this")
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    features, _, keys = features_of(here / "train.pcap.xz")
    truth = truth_of(keys)
    known = truth != NONE
    net = make_net()
    train(net, torch.from_numpy(features[known]) * SCALE, torch.from_numpy(truth[known]).long(), args.epochs, args.seed)
    with torch.no_grad():
        net[0].weight *= SCALE  # from here on the features go in as they are

    test, parsed, keys = features_of(here / "test.pcap")
    logits = by_batches(net, test)
    labels = labels_of(logits, parsed)
    best = np.sort(logits[parsed], 1)
    shown = figures(truth_of(keys), labels, test)
    print(json.dumps(shown))
    if shown["accuracy"] < args.min_accuracy:
        print(f"accuracy {shown['accuracy']} is below --min-accuracy {args.min_accuracy}: nothing written", file=sys.stderr)
        return 1
    torch.onnx.export(net, torch.from_numpy(test[:BATCH]), str(here / "flows.onnx"), opset_version=OPSET,
                      input_names=["features"], output_names=["logits"], do_constant_folding=True)
    labels.tofile(here / "labels.u8")
    numpy_logits = logits_of(layers_of(here / "flows.onnx"), test)
    facts = {
        "python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__, "seed": args.seed,
        "epochs": args.epochs, "opset": OPSET, "classes": CLASSES, "train_packets": int(known.sum()),
        "train_by_class": np.bincount(truth[known].astype(int), minlength=len(CLASSES)).tolist(),
        "parameters": sum(p.numel() for p in net.parameters()), "test": shown,
        "refused": int((~parsed).sum()), "smallest_margin": float((best[:, -1] - best[:, -2]).min()),
        "largest_numpy_difference": float(np.abs(numpy_logits - logits)[parsed].max()),
        "features_sha256": hashlib.sha256(test.tobytes()).hexdigest(),
        "sha256": {name: hashlib.sha256((here / name).read_bytes()).hexdigest() for name in FILES},
    }
    (here / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")
    print(json.dumps(facts, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
