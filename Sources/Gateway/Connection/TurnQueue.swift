/// Who wants to be called in a later turn of the loop, in the order in which they asked.
///
/// A member may be used for something else meanwhile: it is told apart by its life, and a wish of a former one does not
/// stand in for that of the present one.
struct TurnQueue<Member: AnyObject> {
    private var waiting: [(member: Member, life: UInt32)] = []

    /// Asking twice is asking once. Returns whether nobody waited before, so that a turn has to be asked of the loop.
    mutating func add(_ member: Member, life: UInt32) -> Bool {
        let isFirst = self.waiting.isEmpty
        if !self.waiting.contains(where: { $0.member === member && $0.life == life }) {
            self.waiting.append((member, life))
        }
        return isFirst
    }

    /// Those whose turn it is. Whoever asks from now on waits for the next one.
    mutating func takeAll() -> [(member: Member, life: UInt32)] {
        defer { self.waiting = [] }
        return self.waiting
    }
}
