import Synchronization

/// A key for data that a feature stores with a request. Each request starts with the initial value.
///
/// A middleware creates its keys with ``BuildContext/key(_:)``. If other types read the value, the type that writes it
/// declares a static key:
///
/// ```swift
/// struct RateLimitMiddleware: RequestHook {
///     static let verdict = ExchangeKey<StaticString?>("rate_limit.verdict", initial: nil)
/// }
/// // exchange[RateLimitMiddleware.verdict] = "allowed"
/// ```
public struct ExchangeKey<Value> {
    package let index: Int
    package let initial: Value

    /// - Parameters:
    ///   - name: The key's name, prefixed with the feature. Keys with the same name and type are the same key.
    ///   - initial: The value that each request starts with.
    package init(_ name: String, initial: Value) {
        self.index = ExchangeKeyIndices.index(of: name, Value.self)
        self.initial = initial
    }
}

extension ExchangeKey: Sendable where Value: Sendable {}

/// The index of each key in the values of an exchange. It does not change when a reload builds new chains.
private enum ExchangeKeyIndices {
    private struct Key: Hashable {
        package let name: String
        let type: ObjectIdentifier
    }

    private static let indices = Mutex<[Key: Int]>([:])

    static func index<Value>(of name: String, _ type: Value.Type) -> Int {
        let key = Key(name: name, type: ObjectIdentifier(type))
        return self.indices.withLock { indices in
            if let known = indices[key] { return known }
            indices[key] = indices.count
            return indices.count - 1
        }
    }
}

/// The values of an exchange by key. Later requests reuse the boxes, so that setting a value does not allocate.
package struct ExchangeValues {
    class Box {
        /// The generation of the exchange in which the value was set.
        var generation: UInt32
        init(generation: UInt32) { self.generation = generation }
    }

    final class BoxOf<Value>: Box {
        var value: Value

        init(_ value: Value, generation: UInt32) {
            self.value = value
            super.init(generation: generation)
        }
    }

    private var boxes: ContiguousArray<Box?> = []

    func box<Value>(for key: ExchangeKey<Value>) -> BoxOf<Value>? {
        key.index < self.boxes.count ? self.boxes[key.index] as? BoxOf<Value> : nil
    }

    /// Returns the value that was set in this generation, or the initial value.
    func value<Value>(for key: ExchangeKey<Value>, in generation: UInt32) -> Value {
        guard key.index < self.boxes.count, let box = self.boxes[key.index], box.generation == generation,
            let box = box as? BoxOf<Value>
        else { return key.initial }
        return box.value
    }

    mutating func insert<Value>(_ value: Value, for key: ExchangeKey<Value>, in generation: UInt32) {
        while self.boxes.count <= key.index { self.boxes.append(nil) }
        self.boxes[key.index] = BoxOf(value, generation: generation)
    }
}

extension Exchange {
    /// The value of a key for this request.
    public subscript<Value>(key: ExchangeKey<Value>) -> Value {
        get { self.values.value(for: key, in: self.generation) }
        set {
            // Set the value through the box, so that releasing the old value does not overlap an access to the
            // exchange.
            if let box = self.values.box(for: key) {
                box.value = newValue
                box.generation = self.generation
            } else {
                self.values.insert(newValue, for: key, in: self.generation)
            }
        }
    }
}
