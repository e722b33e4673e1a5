"""Reads a callgrind file: how many instructions ran, and which functions allocated memory.

Format: https://valgrind.org/docs/manual/cl-format.html
"""

import re
from collections import Counter, defaultdict

ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign", "valloc"}
# These allocate on behalf of their callers.
RUNTIME = re.compile(r"^_?swift_(slowAlloc|alloc)|^operator new|^_Znw")
NAME = re.compile(r"^\((\d+)\)(?: (.*))?$")


class Profile:
    """One run. Functions have their linker names, without the number that marks recursive calls."""

    def __init__(self, path):
        self.instructions = 0
        # callee → caller → how often
        self.callers = defaultdict(Counter)
        names = {}
        caller = callee = None

        def named(text):
            number, name = NAME.match(text).groups()
            if name is not None:
                names[number] = re.sub(r"'\d+$", "", name)
            return names[number]

        with open(path) as lines:
            for line in lines:
                if line.startswith("fn="):
                    caller = named(line[3:].rstrip("\n"))
                elif line.startswith("cfn="):
                    callee = named(line[4:].rstrip("\n"))
                elif line.startswith("calls="):
                    self.callers[callee][caller] += int(line[6:].split()[0])
                elif line.startswith("totals:"):
                    self.instructions = int(line.split()[1])

    @property
    def allocations(self):
        return sum(sum(self._callers(allocator).values()) for allocator in ALLOCATORS)

    def allocators(self):
        """How many allocations each function made, directly or through the runtime."""
        asked = Counter()

        def climb(function, count, seen):
            callers = self._callers(function)
            for caller, calls in callers.items():
                share = count * calls / sum(callers.values())
                if RUNTIME.match(caller) and caller not in seen and self._callers(caller):
                    climb(caller, share, seen | {caller})
                else:
                    asked[caller] += share

        for allocator in ALLOCATORS:
            climb(allocator, sum(self._callers(allocator).values()), {allocator})
        return asked

    def _callers(self, function):
        """Excludes allocators called by other allocators, which would be counted twice."""
        callers = self.callers.get(function, {})
        return {caller: count for caller, count in callers.items() if caller not in ALLOCATORS}
