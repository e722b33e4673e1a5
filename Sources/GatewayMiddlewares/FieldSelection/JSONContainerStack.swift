/// The open arrays and objects of a JSON text, one bit each. A text can open as many as it has bytes, so the stack takes at
/// most an eighth of the text.
struct JSONContainerStack {
    private(set) var depth = 0
    /// The innermost ones; the lowest bit is the innermost.
    private var innermost: UInt64 = 0
    /// 64 each, the outermost first.
    private var others: ContiguousArray<UInt64> = []

    /// Whether the innermost one is an object. False if none is open.
    var isInObject: Bool { self.innermost & 1 == 1 }

    mutating func push(isObject: Bool) {
        if self.depth > 0, self.depth & 63 == 0 {
            self.others.append(self.innermost)
            self.innermost = 0
        }
        self.innermost = self.innermost << 1 | (isObject ? 1 : 0)
        self.depth &+= 1
    }

    mutating func pop() {
        self.depth &-= 1
        self.innermost >>= 1
        if self.depth & 63 == 0, let outer = self.others.popLast() { self.innermost = outer }
    }
}
