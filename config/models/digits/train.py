#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Trains the sample network on scikit-learn's handwritten digits and writes everything this folder holds but its
README: digits.onnx, test_images.f32, test_labels.u8, torch_outputs.f32 and facts.json (figures and SHA-256).

Needs Debian's python3-torch and python3-sklearn; no network access: the digits come with scikit-learn.
Fixed seeds, one thread, deterministic kernels: the same versions on the same machine give the same files.
"""
import argparse
import hashlib
import json
import pathlib
import platform
import sys

import numpy as np
import sklearn
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

OPSET = 11  # read by OpenCV dnn 4.6
FILES = ("digits.onnx", "test_images.f32", "test_labels.u8", "torch_outputs.f32")


class DigitsNet(torch.nn.Module):
    """1x8x8 pixels of 0..16 in, 10 logits out. The scaling to 0..1 is part of the graph."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(16, 32, 3, padding=1)
        self.conv3 = torch.nn.Conv2d(32, 32, 3, padding=1)
        self.classify = torch.nn.Linear(32 * 2 * 2, 10)

    def forward(self, image):
        x = torch.relu(self.conv1(image * 0.0625))
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2)
        x = torch.max_pool2d(torch.relu(self.conv3(x)), 2)
        return self.classify(torch.flatten(x, 1))


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent,
                        help="folder to write to (default: this script's own)")
    parser.add_argument("--seed", type=int, default=20, help="for the split, the weights and the order of the images")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--held-out", type=float, default=0.25, help="part of the images never trained on")
    parser.add_argument("--min-accuracy", type=float, default=0.97, help="refuse to write anything below this")
    return parser.parse_args()


def split_digits(held_out, seed):
    """Tensors (train images, train labels, test images, test labels), stratified by class."""
    digits = load_digits()
    images = digits.images.astype(np.float32).reshape(-1, 1, 8, 8)
    parts = train_test_split(images, digits.target.astype(np.int64), test_size=held_out, random_state=seed,
                             stratify=digits.target)
    train_x, test_x, train_y, test_y = (torch.from_numpy(np.ascontiguousarray(p)) for p in parts)
    return train_x, train_y, test_x, test_y


def shifted(images, generator):
    """Each batch moved by up to one pixel: 1347 images are few, and this is what keeps the network honest."""
    dy, dx = torch.randint(-1, 2, (2,), generator=generator).tolist()
    padded = torch.nn.functional.pad(images, (1, 1, 1, 1))
    return padded[:, :, 1 + dy:9 + dy, 1 + dx:9 + dx]


def train(net, images, labels, epochs, batch, seed):
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    net.train()
    for epoch in range(epochs):
        total = 0.0
        for chosen in torch.randperm(len(images), generator=generator).split(batch):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(net(shifted(images[chosen], generator)), labels[chosen])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chosen)
        schedule.step()
        if (epoch + 1) % 10 == 0:
            print(f"epoch {epoch + 1:3d}/{epochs}  mean loss {total / len(images):.4f}")
    net.eval()


def outputs_one_by_one(net, images):
    """Batch 1, as the exported network runs."""
    with torch.no_grad():
        return torch.cat([net(image.unsqueeze(0)) for image in images])


def write_all(out, net, images, labels, outputs):
    torch.onnx.export(net, images[:1], str(out / "digits.onnx"), opset_version=OPSET, input_names=["image"],
                      output_names=["logits"], do_constant_folding=True)
    images.numpy().astype("<f4").tofile(out / "test_images.f32")
    labels.numpy().astype("u1").tofile(out / "test_labels.u8")
    outputs.numpy().astype("<f4").tofile(out / "torch_outputs.f32")


def main():
    args = parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    train_x, train_y, test_x, test_y = split_digits(args.held_out, args.seed)
    net = DigitsNet()
    train(net, train_x, train_y, args.epochs, args.batch, args.seed)
    outputs = outputs_one_by_one(net, test_x)
    correct = int((outputs.argmax(1) == test_y).sum())
    accuracy = correct / len(test_y)
    print(f"held out: {correct} of {len(test_y)} correct, accuracy {accuracy:.4f}")
    if accuracy < args.min_accuracy:
        print(f"accuracy {accuracy:.4f} is below --min-accuracy {args.min_accuracy}: nothing written", file=sys.stderr)
        return 1

    args.out.mkdir(parents=True, exist_ok=True)
    write_all(args.out, net, test_x, test_y, outputs)
    facts = {
        "python": platform.python_version(), "torch": torch.__version__, "scikit-learn": sklearn.__version__,
        "numpy": np.__version__, "seed": args.seed, "epochs": args.epochs, "opset": OPSET,
        "train_images": len(train_y), "test_images": len(test_y), "correct": correct, "accuracy": round(accuracy, 6),
        "parameters": sum(p.numel() for p in net.parameters()),
        "sha256": {name: hashlib.sha256((args.out / name).read_bytes()).hexdigest() for name in FILES},
    }
    (args.out / "facts.json").write_text(json.dumps(facts, indent=2) + "\n")
    print(json.dumps(facts, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
