import Synchronization

/// The middleware that an event loop runs, for the log if the loop stalls. The loop notes it with one store; another
/// thread reads it.
package final class LoopActivity: Sendable {
    /// A middleware in the chain of a route, as a number. 0: no middleware.
    package struct Step: Sendable {
        fileprivate let number: UInt64

        static let none = Step(number: 0)
    }

    package enum Phase: UInt64 {
        case request = 1
        case response, completion

        fileprivate var name: String {
            switch self {
            case .request: "request"
            case .response: "response"
            case .completion: "completion"
            }
        }
    }

    /// The names by number.
    private struct Names {
        private var all: [String] = []
        private var numbers: [String: Int] = [:]

        mutating func number(of name: String) -> UInt64 {
            if let number = self.numbers[name] { return UInt64(number) }
            self.numbers[name] = self.all.count
            self.all.append(name)
            return UInt64(self.all.count - 1)
        }

        subscript(number: UInt64) -> String? { number < self.all.count ? self.all[Int(number)] : nil }
    }

    private struct AllNames {
        var routes = Names()
        var middlewares = Names()
    }

    private let current = Atomic<UInt64>(0)
    private let names = Mutex(AllNames())

    package init() {}

    /// Notes what the loop is about to run. Call it on the loop.
    func note(_ step: Step) { self.current.store(step.number, ordering: .relaxed) }

    /// Returns the number of a middleware. Called when a chain is built.
    func step(_ phase: Phase, of middleware: String, route: String) -> Step {
        self.names.withLock { names in
            let route = names.routes.number(of: route)
            return Step(number: route << 32 | names.middlewares.number(of: middleware) << 8 | phase.rawValue)
        }
    }

    /// What the loop runs now: `the request hook of auth in the route users`. Nil if it runs no middleware.
    package var description: String? {
        let number = self.current.load(ordering: .relaxed)
        guard let phase = Phase(rawValue: number & 0xFF) else { return nil }
        return self.names.withLock { names in
            guard let route = names.routes[number >> 32], let middleware = names.middlewares[number >> 8 & 0xFF_FFFF]
            else { return nil }
            return "the \(phase.name) hook of \(middleware) in the route \(route)"
        }
    }
}
