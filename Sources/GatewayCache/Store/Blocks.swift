/// An array that grows block by block: no growth copies what is there, and no more than one block of memory is unused.
struct Blocks<Element: Sendable>: Sendable {
    private static var shift: Int { 8 }
    private static var mask: Int { 1 << self.shift - 1 }

    private var blocks: ContiguousArray<ContiguousArray<Element>> = []
    private(set) var count = 0

    subscript(index: Int) -> Element {
        get { self.blocks[index >> Self.shift][index & Self.mask] }
        _modify { yield &self.blocks[index >> Self.shift][index & Self.mask] }
    }

    mutating func append(_ element: Element) {
        if self.count & Self.mask == 0 {
            var block: ContiguousArray<Element> = []
            block.reserveCapacity(Self.mask + 1)
            self.blocks.append(block)
        }
        self.blocks[self.count >> Self.shift].append(element)
        self.count += 1
    }
}
