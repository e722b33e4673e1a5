"""Upstream servers that die, hang and return."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from processes import pinned

HERE = Path(__file__).resolve().parent
REPLICAS = 3


class Replicas:
    """Upstream servers that are killed, stopped and started. One of them always serves."""

    def __init__(self, soak, rng):
        self.soak, self.random = soak, rng
        self.processes = [None] * REPLICAS
        self.stopped = [False] * REPLICAS
        # When a server was last killed, in loop time.
        self.killed_at = 0.0
        self.kills = 0

    async def start(self, index):
        port = self.soak.ports[f"REPLICA{index}"]
        command = pinned(sorted(os.sched_getaffinity(0)), [sys.executable, str(HERE / "faulty.py"), str(port)])
        self.processes[index] = subprocess.Popen(command, start_new_session=True)
        for _ in range(200):
            try:
                (await asyncio.open_connection("127.0.0.1", port))[1].close()
                return
            except ConnectionError:
                await asyncio.sleep(0.05)
        raise RuntimeError(f"replica {index} does not listen")

    def kill(self, index):
        process, self.processes[index] = self.processes[index], None
        self.killed_at = asyncio.get_running_loop().time()
        self.kills += 1
        process.kill()
        process.wait()

    def serving(self):
        return [index for index in range(REPLICAS) if self.processes[index] and not self.stopped[index]]

    async def run(self, end):
        loop = asyncio.get_running_loop()
        while loop.time() < end:
            await asyncio.sleep(self.random.uniform(0.3, 1.5))
            down = [index for index in range(REPLICAS) if self.processes[index] is None]
            serving = self.serving()
            if down and self.random.random() < 0.5:
                await self.start(self.random.choice(down))
            elif len(serving) > 1:
                index = self.random.choice(serving)
                if self.random.random() < 0.7:
                    self.kill(index)
                else:
                    await self.hang(index)
        for index in range(REPLICAS):
            if self.processes[index] is None:
                await self.start(index)

    async def hang(self, index):
        self.stopped[index] = True
        self.processes[index].send_signal(signal.SIGSTOP)
        await asyncio.sleep(self.random.uniform(0.1, 0.8))
        self.processes[index].send_signal(signal.SIGCONT)
        self.stopped[index] = False

    def stop(self):
        for process in self.processes:
            if process:
                try:
                    process.send_signal(signal.SIGCONT)
                    process.kill()
                except ProcessLookupError:
                    pass
