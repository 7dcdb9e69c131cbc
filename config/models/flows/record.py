#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Records traffic of real programs between two network namespaces and writes a pcap of their headers.

    sudo ./record.py --seconds 100 --seed 2 test.pcap

Needs root, and Debian's lighttpd, openssh-server, openssh-client, curl, dnsmasq-base, bind9-dnsutils, iperf3,
iputils-ping, ethtool and tcpdump in PATH (unpacked ones will do: --root). Nothing leaves the machine: the namespaces
share one veth pair, limited to --mbit by a token bucket. What is written ends at each packet's transport header (no
payload is kept); the records say the length it had. Microseconds, as DPDK's net_pcap hands on.
"""
import argparse
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
import time

SERVER, CLIENT = "pk-server", "pk-client"
ADDRESSES = {4: ("10.9.0.1", "10.9.0.2"), 6: ("fd09::1", "fd09::2")}
COMMANDS = ["ls -l /usr/share | head -40", "cat /proc/meminfo", "ps ax", "cd /usr/share/doc; ls | wc -l", "uptime",
            "dmesg | tail -5", "grep -c processor /proc/cpuinfo", "df -h", "echo $PATH", "head -20 /etc/services",
            "find /etc -name '*.conf' | head -30", "cd /; ls", "env", "cat /etc/debian_version", "tail -30 /etc/passwd"]


def sh(*words, **kw):
    return subprocess.run([str(w) for w in words], check=True, stdout=subprocess.DEVNULL, **kw)


def within(space, *words):
    return ["ip", "netns", "exec", space, *(str(w) for w in words)]


def client(*words, seconds=120, **kw):
    """A client that fails is worth no more than a line: the next one follows."""
    try:
        done = subprocess.run(within(CLIENT, *words), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=seconds, **kw)
        if done.returncode != 0:
            print("failed:", *words[:3], done.stderr.decode()[-200:])
    except subprocess.TimeoutExpired:
        print("too slow:", *words[:3])


def make_network(mbit):
    for space in (SERVER, CLIENT):
        subprocess.run(["ip", "netns", "del", space], stderr=subprocess.DEVNULL, check=False)
        sh("ip", "netns", "add", space)
    sh("ip", "-n", SERVER, "link", "add", "name", "pk0", "type", "veth", "peer", "name", "pk0", "netns", CLIENT)
    for side, space in enumerate((SERVER, CLIENT)):
        sh("ip", "-n", space, "addr", "add", ADDRESSES[4][side] + "/24", "dev", "pk0")
        sh("ip", "-n", space, "addr", "add", ADDRESSES[6][side] + "/64", "dev", "pk0", "nodad")
        sh("ip", "-n", space, "link", "set", "lo", "up")
        sh("ip", "-n", space, "link", "set", "pk0", "up")
        # Packets as a wire has them, not the 64 KiB that one kernel hands another.
        sh(*within(space, "ethtool", "-K", "pk0", "tso", "off", "gso", "off", "gro", "off"))
        sh(*within(space, "tc", "qdisc", "add", "dev", "pk0", "root", "tbf", "rate", f"{mbit}mbit", "burst", "16kb",
                   "latency", "100ms"))


def make_files(folder, rng):
    folder.mkdir()
    for i in range(40):
        (folder / f"small{i}").write_bytes(rng.randbytes(int(rng.lognormvariate(8.3, 1.1)) + 100))
    for i in range(8):
        (folder / f"large{i}").write_bytes(rng.randbytes(rng.randrange(100_000, 420_000)))


def start_servers(tmp, root):
    web = tmp / "lighttpd.conf"
    sockets = "".join(f'$SERVER["socket"] == "{s}" {{ }}\n' for s in ("[::]:8080", "0.0.0.0:8081", "[::]:8081"))
    web.write_text(f'server.document-root = "{tmp}/www"\nserver.port = 8080\n{sockets}')
    sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp / "key")
    ssh = tmp / "sshd_config"
    ssh.write_text(f"Port 22\nPort 2222\nHostKey {tmp}/key\nAuthorizedKeysFile {tmp}/key.pub\nStrictModes no\n"
                   f"PermitRootLogin yes\nUsePAM no\nPidFile none\nSubsystem sftp internal-sftp\n")
    # sshd wants its user and its folder: lent in a mount namespace of its own.
    passwd = tmp / "passwd"
    passwd.write_text(pathlib.Path("/etc/passwd").read_text() + "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n")
    lend = f"mount --bind {passwd} /etc/passwd; mount -t tmpfs none /run; mount -t tmpfs none /var/log; mkdir -m755 /run/sshd; exec "
    hosts = tmp / "hosts"
    hosts.write_text("".join(f"10.1.{i // 250}.{i % 250 + 1} host{i}.example\n" for i in range(600)))
    lines = [
        ["lighttpd", "-D", "-f", web] + (["-m", root / "usr/lib/lighttpd"] if root else []),
        ["unshare", "-m", "sh", "-c", f"{lend}{shutil.which('sshd')} -D -e -f {ssh}"],
        ["dnsmasq", "-k", "-C", "/dev/null", "--no-resolv", "--no-hosts", f"--addn-hosts={hosts}", "--user=root", "--pid-file="],
        ["iperf3", "-s"],
    ]
    log = open(tmp / "servers.log", "wb")
    return [subprocess.Popen(within(SERVER, *line), stdout=log, stderr=log, start_new_session=True) for line in lines]


def ssh_words(tmp):
    return ["-i", tmp / "key", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
            "-F", "none"]


def host(rng, brackets=True):
    version = rng.choice((4, 6))
    name = ADDRESSES[version][0]
    return f"[{name}]" if version == 6 and brackets else name


def typing(tmp, rng, until):
    """Somebody at a shell: keys at 2 to 12 a second, a look at the answer, now and then a session of its own."""
    while time.time() < until:
        ends = min(until, time.time() + rng.uniform(25, 60))
        with subprocess.Popen(within(CLIENT, "ssh", "-tt", *ssh_words(tmp), host(rng, False)), stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as shell:
            while time.time() < ends:
                for key in rng.choice(COMMANDS) + "\n":
                    shell.stdin.write(key.encode())
                    shell.stdin.flush()
                    time.sleep(min(1.5, rng.lognormvariate(-1.7, 0.5)))
                time.sleep(rng.uniform(0.5, 5))
            shell.stdin.write(b"\nexit\n")
            shell.stdin.close()
            try:
                shell.wait(10)
            except subprocess.TimeoutExpired:
                shell.kill()


def web(_, rng, until):
    """Pages of a few small files, each page on one connection, with time to read."""
    while time.time() < until:
        at = host(rng)
        files = [f"http://{at}:8080/small{rng.randrange(40)}" for _ in range(rng.randint(2, 12))]
        client("curl", "-sg", *(w for f in files for w in ("-o", "/dev/null", f)))
        time.sleep(rng.expovariate(1 / 4))


def bulk(tmp, rng, until):
    while time.time() < until:
        at, name = host(rng), f"large{rng.randrange(8)}"
        if rng.random() < 0.6:
            client("curl", "-sgo", "/dev/null", f"http://{at}:8081/{name}")
        else:
            client("sftp", "-q", "-P", 2222, *ssh_words(tmp), f"root@{at}:{tmp}/www/{name}", "/dev/null")
        time.sleep(rng.uniform(10, 30))


def dns(_, rng, until):
    while time.time() < until:
        names = [w for _ in range(rng.randint(1, 4))
                 for w in (f"host{rng.randrange(660)}.example", rng.choice(("A", "A", "AAAA", "MX")))]
        client("dig", "+tries=1", "+time=2", "@" + host(rng, False), *names)
        time.sleep(rng.expovariate(1 / 0.6))


def stream(_, rng, until):
    """Calls: small datagrams at a constant rate, as voice and video are sent."""
    while time.time() < until:
        size = rng.choice((80, 160, 172, 320, 800))
        every = rng.choice((0.02, 0.03, 0.04))
        client("iperf3", "-u", "-c", host(rng, False), "-l", size, "-b", int(size * 8 / every), "-t", rng.randint(4, 9),
               *(["-R"] if rng.random() < 0.4 else []))
        time.sleep(rng.uniform(8, 20))


def ping(_, rng, until):
    while time.time() < until:
        client("ping", "-q", "-i", rng.choice((0.2, 0.5, 1)), "-s", rng.choice((56, 56, 120, 1000)), "-c", rng.randint(4, 20),
               host(rng, False))
        time.sleep(rng.uniform(0, 3))


def headers_end(p):
    """Bytes up to the end of the transport header; at most 64 of what is no IP."""
    kind, at = struct.unpack_from(">H", p, 12)[0], 14
    if kind == 0x0800:
        protocol, at = p[23], 14 + (p[14] & 15) * 4
    elif kind == 0x86DD:
        protocol, at = p[20], 54
    else:
        return min(len(p), 64)
    return min(len(p), at + ((p[at + 12] >> 4) * 4 if protocol == 6 else 8 if protocol in (1, 17, 58) else 24))


def cut(raw, out):
    data, at, packets = raw.read_bytes(), 24, 0
    assert struct.unpack_from("<I", data)[0] == 0xA1B2C3D4, "tcpdump wrote another format"
    with out.open("wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 128, 1))
        while at < len(data):
            seconds, micros, kept, length = struct.unpack_from("<4I", data, at)
            packet = data[at + 16:at + 16 + kept]
            packet = packet[:headers_end(packet)]
            f.write(struct.pack("<4I", seconds, micros, len(packet), length) + packet)
            at, packets = at + 16 + kept, packets + 1
    print(f"{out}: {packets} packets, {out.stat().st_size} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mbit", type=int, default=20)
    parser.add_argument("--root", type=pathlib.Path, help="where Debian's packages were unpacked (dpkg -x), if not installed")
    args = parser.parse_args()
    if args.root:
        args.root = args.root.resolve()
        os.environ["PATH"] = ":".join(f"{args.root}/{d}" for d in ("usr/bin", "usr/sbin", "bin", "sbin")) + ":" + os.environ["PATH"]
        os.environ["LD_LIBRARY_PATH"] = f"{args.root}/usr/lib/x86_64-linux-gnu:{args.root}/lib/x86_64-linux-gnu"
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        tmp, started = pathlib.Path(folder), []
        try:
            make_network(args.mbit)
            make_files(tmp / "www", rng)
            started = start_servers(tmp, args.root)
            time.sleep(2)
            started.append(subprocess.Popen(within(SERVER, "tcpdump", "-i", "pk0", "-s", 128, "-w", tmp / "raw.pcap", "-U", "-Z",
                                                   "root"), stderr=subprocess.DEVNULL, start_new_session=True))
            time.sleep(1)
            until = time.time() + args.seconds
            users = [threading.Thread(target=what, args=(tmp, random.Random(rng.random()), until))
                     for what in (typing, typing, web, bulk, dns, stream, ping)]
            for user in users:
                user.start()
            for user in users:
                user.join()
            time.sleep(1)
            started[-1].terminate()
            started[-1].wait(10)
            cut(tmp / "raw.pcap", args.out)
            print((tmp / "servers.log").read_text()[-600:])
        finally:
            for process in started:
                try:
                    os.killpg(process.pid, signal.SIGTERM)
                except ProcessLookupError:
                    pass
            for process in started:
                process.wait(10)
            for space in (SERVER, CLIENT):
                subprocess.run(["ip", "netns", "del", space], check=False)


if __name__ == "__main__":
    main()
