"""Disturbs the gateway: targets die, hang and return, the configuration changes every second, and the program is replaced
while it serves. Clients of /steady, half of them over TLS, must not notice; WebSockets close only with a process."""

import asyncio
import ctypes
import os
import random
import signal
import ssl
import urllib.error
import urllib.request
from collections import Counter

from clients import read_answer
from processes import family
from replicas import REPLICAS, Replicas
from sockets import SocketClients
from steady import SteadyClients

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """Makes the successors of the gateway children of this process, so that it can wait for them."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Operator:
    """Changes the configuration every second, replaces the program, and drains and resumes."""

    def __init__(self, soak, rng):
        self.soak, self.random = soak, rng
        self.base = (soak.work / "gateway.toml").read_text()
        self.faults = soak.faults
        self.outcomes = Counter()
        self.extra_routes, self.has_listener = [], False

    def configuration(self):
        """A random configuration in which everything that the clients use is unchanged in meaning."""
        r = self.random
        listeners = [f'"http://127.0.0.1:{self.soak.ports["GATEWAY"]}"']
        self.has_listener = r.random() < 0.5
        if self.has_listener:
            listeners.insert(r.randrange(2), f'"http://127.0.0.1:{self.soak.ports["EXTRA"]}"')
        text = self.base.replace(f'"http://127.0.0.1:{self.soak.ports["GATEWAY"]}"', ", ".join(listeners), 1)
        text += f'\n[server.limits]\nheader_timeout = "{r.randrange(8, 15)}s"\nheaders = "{r.randrange(32, 48)}KiB"\n'
        targets = [f'{{ url = "http://127.0.0.1:{self.soak.ports[f"REPLICA{i}"]}", weight = {r.randrange(1, 4)} }}' for i in range(REPLICAS)]
        r.shuffle(targets)
        # This target is never there: a target comes and goes with it.
        if r.random() < 0.5:
            targets.insert(r.randrange(4), f'"http://127.0.0.1:{self.soak.ports["NOBODY"]}"')
        balance = r.choice(["round_robin", "least_requests", "random"])
        text += f'\n[upstreams.steady]\ntargets = [{", ".join(targets)}]\nbalance = "{balance}"\nidle_timeout = "2s"\nqueue = "30s"\n'
        if r.random() < 0.5:
            text += 'health = { type = "tcp", interval = "500ms", timeout = "400ms" }\n'
        text += '\n[[routes]]\nname = "steady"\npath = "/steady/*"\nupstream = "steady"\n'
        text += '\n[[routes]]\npath = "/extra/*"\nrespond = { status = 404 }\n'
        self.extra_routes = r.sample(range(20), r.randrange(6))
        for number in self.extra_routes:
            text += f'\n[[routes]]\npath = "/extra/{number}"\nrespond = {{ body = "extra {number} {r.randrange(9)}" }}\n'
        return text

    def write(self, text):
        path = self.soak.work / "gateway.toml"
        new = path.with_suffix(".new")
        new.write_text(text)
        os.replace(new, path)

    def admin(self, method, path, data=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.soak.ports['ADMIN']}{path}", method=method, data=data)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    async def ask(self, method, path, data=None):
        return await asyncio.get_running_loop().run_in_executor(None, self.admin, method, path, data)

    async def reload(self):
        kind = self.random.choices(["post", "hup", "broken"], [5, 3, 2])[0]
        if kind == "broken":
            self.write(self.base + "\n[server.limitz]\n")
            status, text = await self.ask("POST", "/config/reload")
            if status != 422:
                self.faults.append(f"a broken file: {status} {text[:200]}")
            self.outcomes["refused reloads"] += 1
            return
        if kind == "hup":
            self.write(self.configuration())
            self.outcomes["reloads"] += 1
            os.kill(self.soak.gateway, signal.SIGHUP)
        else:
            await self.apply()
            await self.check_applied()

    async def apply(self):
        self.write(self.configuration())
        self.outcomes["reloads"] += 1
        status, text = await self.ask("POST", "/config/reload")
        if status != 200:
            self.faults.append(f"reload: {status} {text[:400]}")

    async def check_applied(self):
        for number in range(20):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.soak.ports["GATEWAY"])
            writer.write(f"GET /extra/{number} HTTP/1.1\r\nHost: soak\r\nConnection: close\r\n\r\n".encode())
            answer = await read_answer(reader)
            writer.close()
            expected = 200 if number in self.extra_routes else 404
            if answer is None or answer.status != expected:
                self.faults.append(f"/extra/{number} after a reload: {answer and answer.status} and not {expected}")
        try:
            (await asyncio.open_connection("127.0.0.1", self.soak.ports["EXTRA"]))[1].close()
            is_open = True
        except ConnectionError:
            is_open = False
        if is_open != self.has_listener:
            self.faults.append(f"the second listener after a reload: {is_open} and not {self.has_listener}")

    async def drain_and_resume(self):
        status, _ = await self.ask("POST", "/drain")
        ready, _ = await self.ask("GET", "/health/ready")
        await asyncio.sleep(1.5)
        back, _ = await self.ask("DELETE", "/drain")
        again, _ = await self.ask("GET", "/health/ready")
        if (status, ready, back, again) != (200, 503, 200, 200):
            self.faults.append(f"drain: {status}, readiness {ready}, resumed {back}, readiness {again}")
        self.outcomes["drains taken back"] += 1

    async def hand_over(self):
        old = self.soak.gateway
        os.kill(old, signal.SIGUSR2)
        new = None
        for _ in range(400):
            await asyncio.sleep(0.05)
            new = next((pid for pid in family(old) if pid != old), new)
            if new and self.ended(old):
                break
        else:
            self.faults.append(f"handover: process {old} has not ended, its successor is {new}")
            return
        self.soak.gateway = new
        self.outcomes["handovers"] += 1

    def ended(self, pid):
        if pid == self.soak.servers[-1].process.pid:
            code = self.soak.servers[-1].process.poll()
        else:
            waited, status = os.waitpid(pid, os.WNOHANG)
            code = os.waitstatus_to_exitcode(status) if waited else None
        if code not in (None, 0):
            self.faults.append(f"handover: the old process ended with {code}")
        return code is not None

    async def run(self, end, hands_over):
        loop = asyncio.get_running_loop()
        start = loop.time()
        # When each happens, as a share of the time.
        plan = [(0.25, self.hand_over), (0.5, self.drain_and_resume), (0.7, self.hand_over)] if hands_over else []
        while loop.time() < end:
            began = loop.time()
            if plan and began - start > plan[0][0] * (end - start):
                await plan.pop(0)[1]()
            else:
                await self.reload()
            await asyncio.sleep(max(0, 1 - (loop.time() - began)))
        await self.apply()


class Chaos:
    def __init__(self, soak, seed):
        rng = random.Random(seed + 1)
        self.soak = soak
        self.replicas = Replicas(soak, rng)
        self.clients = SteadyClients(self.connect, rng, self.replicas)
        self.sockets = SocketClients(self.connect, rng)
        self.tls = ssl.create_default_context(cafile=str(soak.work / "cert.pem"))
        self.operator = Operator(soak, rng)

    async def connect(self, index):
        """Opens a connection to the gateway: over TLS if the number is odd."""
        secure = index % 2
        port = self.soak.ports["SECURE" if secure else "GATEWAY"]
        how = {"ssl": self.tls, "server_hostname": "localhost"} if secure else {}
        return await asyncio.open_connection("127.0.0.1", port, limit=1 << 20, **how)

    async def run(self, seconds, hands_over):
        end = asyncio.get_running_loop().time() + seconds
        for index in range(REPLICAS):
            if self.replicas.processes[index] is None:
                await self.replicas.start(index)
        await self.operator.apply()
        await asyncio.gather(
            self.replicas.run(end), self.clients.run(end), self.sockets.run(end), self.operator.run(end, hands_over)
        )

    def report(self):
        self.soak.faults += [f"steady: {what}" for what in self.clients.wrong]
        self.soak.faults += [f"WebSocket: {what}" for what in self.sockets.wrong]
        done = ", ".join(f"{name}: {count}" for name, count in sorted(self.operator.outcomes.items()))
        seen = ", ".join(f"{name}: {count}" for name, count in sorted(self.clients.outcomes.items()))
        print(f"chaos: {done}, targets killed: {self.replicas.kills}")
        print(f"steady clients: {seen}")
        print("WebSockets: " + ", ".join(f"{name}: {count}" for name, count in sorted(self.sockets.outcomes.items())))
