/// A middleware's state per request, created with ``BuildContext/slot(_:)``. Each request starts with the initial
/// value.
public struct Slot<Value> {
    let index: Int
    let initial: Value
}

/// What an exchange holds for a slot. It stays for the exchange's later lives, so that a request allocates nothing.
final class SlotBox<Value> {
    var value: Value
    /// The life of the exchange in which the value was set.
    var life: UInt32

    init(_ value: Value, life: UInt32) {
        self.value = value
        self.life = life
    }
}

/// Numbers the slots of a worker: one of the same name and type is the same slot in all plans.
struct SlotNumbers {
    private struct Key: Hashable {
        let name: String
        let type: ObjectIdentifier
    }

    private var numbers: [Key: Int] = [:]

    mutating func number<Value>(of name: String, _ type: Value.Type) -> Int {
        let key = Key(name: name, type: ObjectIdentifier(type))
        if let known = self.numbers[key] { return known }
        self.numbers[key] = self.numbers.count
        return self.numbers.count - 1
    }
}

extension Exchange {
    /// The value for this request.
    public subscript<Value>(slot: Slot<Value>) -> Value {
        get {
            guard let box = self.box(of: slot), box.life == self.generation else { return slot.initial }
            return box.value
        }
        set {
            if let box = self.box(of: slot) {
                box.value = newValue
                box.life = self.generation
            } else {
                while self.slots.count <= slot.index { self.slots.append(nil) }
                self.slots[slot.index] = SlotBox(newValue, life: self.generation)
            }
        }
    }

    private func box<Value>(of slot: Slot<Value>) -> SlotBox<Value>? {
        guard slot.index < self.slots.count, let box = self.slots[slot.index] else { return nil }
        // A number belongs to one type, see `SlotNumbers`.
        return unsafeDowncast(box, to: SlotBox<Value>.self)
    }
}
