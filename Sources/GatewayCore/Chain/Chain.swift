/// The middlewares of a plan, grouped by phase. The array of each phase is in the order of the whole list.
///
/// The driver calls hooks by index. A call through an existential would copy the middleware and retain each of its
/// references. A call through an unmanaged class instance, which the chain keeps alive, retains nothing; this saves a
/// quarter of the reference counting of a request through the default chain. `Chain` is a class for the same reason: a
/// copy of a struct would retain each of its eight arrays.
package final class Chain {
    private var requestHooks: ContiguousArray<Unmanaged<RequestStep>> = []
    private var responseHooks: ContiguousArray<Unmanaged<ResponseStep>> = []
    private var completionHooks: ContiguousArray<Unmanaged<CompletionStep>> = []
    private(set) var failureHooks: ContiguousArray<any FailureHook> = []
    private(set) var requestPlaces: ContiguousArray<Int> = []
    private(set) var responsePlaces: ContiguousArray<Int> = []
    private(set) var failurePlaces: ContiguousArray<Int> = []
    /// The middlewares with something to tell about failed requests.
    private var notes: [any RequestNotes] = []
    /// Keeps the objects in the first three arrays alive as long as the chain.
    private var owned: [AnyObject] = []

    private let route: String
    private let activity: LoopActivity?

    /// - Parameters:
    ///   - route: The route that the chain belongs to.
    ///   - activity: Learns which middleware runs. Nil: not noted.
    package init(of route: String = "", noting activity: LoopActivity? = nil) {
        self.route = route
        self.activity = activity
    }

    /// Adds a middleware. `place` must be greater than that of the previous middleware.
    package func append(_ middleware: any Middleware, at place: Int) {
        if let hook = middleware as? any RequestHook {
            self.requestHooks.append(self.own(RequestStep.of(hook), .request, middleware))
            self.requestPlaces.append(place)
        }
        if let hook = middleware as? any ResponseHook {
            self.responseHooks.append(self.own(ResponseStep.of(hook), .response, middleware))
            self.responsePlaces.append(place)
        }
        if let hook = middleware as? any FailureHook {
            self.failureHooks.append(hook)
            self.failurePlaces.append(place)
        }
        if let notes = middleware as? any RequestNotes { self.notes.append(notes) }
        if let hook = middleware as? any CompletionHook {
            self.completionHooks.append(self.own(CompletionStep.of(hook), .completion, middleware))
        }
    }

    /// Returns the part of the chain below `place`, without completion hooks. The hooks keep their places.
    package func below(_ place: Int) -> Chain {
        let part = Chain(of: self.route, noting: self.activity)
        for (step, itsPlace) in zip(self.requestHooks, self.requestPlaces) where itsPlace > place {
            part.requestHooks.append(step)
            part.requestPlaces.append(itsPlace)
            part.owned.append(step.takeUnretainedValue())
        }
        for (step, itsPlace) in zip(self.responseHooks, self.responsePlaces) where itsPlace > place {
            part.responseHooks.append(step)
            part.responsePlaces.append(itsPlace)
            part.owned.append(step.takeUnretainedValue())
        }
        for (hook, itsPlace) in zip(self.failureHooks, self.failurePlaces) where itsPlace > place {
            part.failureHooks.append(hook)
            part.failurePlaces.append(itsPlace)
        }
        return part
    }

    private func own<Step: ChainStep>(
        _ step: Step,
        _ phase: LoopActivity.Phase,
        _ middleware: any Middleware
    ) -> Unmanaged<Step> {
        if let activity = self.activity {
            step.activity = activity.step(phase, of: type(of: middleware).name, route: self.route)
        }
        self.owned.append(step)
        return .passUnretained(step)
    }

    /// Whether a hook below `place` sees the request.
    func hasRequestHooks(below place: Int) -> Bool { self.requestPlaces.last.map { $0 > place } ?? false }

    var requestCount: Int { self.requestHooks.count }
    var hasCompletionHooks: Bool { !self.completionHooks.isEmpty }

    package func request(_ index: Int, _ exchange: Exchange) -> Decision {
        self.requestHooks[index]._withUnsafeGuaranteedRef { step in
            exchange.worker.activity.note(step.activity)
            return step.request(exchange)
        }
    }

    package func response(_ index: Int, _ exchange: Exchange) -> Decision {
        self.responseHooks[index]._withUnsafeGuaranteedRef { step in
            exchange.worker.activity.note(step.activity)
            return step.response(exchange)
        }
    }

    /// Returns what the middlewares tell about a request that is reported.
    func notes(on exchange: Exchange) -> [RequestDetails.Note] {
        self.notes.compactMap { notes in
            notes.note(on: exchange).map { RequestDetails.Note(source: type(of: notes).name, text: $0) }
        }
    }

    package func complete(_ exchange: Exchange, _ outcome: Outcome) {
        for hook in self.completionHooks {
            hook._withUnsafeGuaranteedRef { step in
                exchange.worker.activity.note(step.activity)
                step.complete(exchange, outcome)
            }
        }
        exchange.worker.activity.note(.none)
    }
}

@available(*, unavailable)
extension Chain: Sendable {}

/// A hook of a middleware in the chain of a route.
private class ChainStep {
    /// What the event loop notes before it runs the hook.
    final var activity = LoopActivity.Step.none
}

/// A request hook as the chain calls it.
private class RequestStep: ChainStep {
    func request(_ exchange: Exchange) -> Decision { .next }

    static func of(_ hook: some RequestHook) -> RequestStep { RequestStepOf(hook) }
}

private final class RequestStepOf<Hook: RequestHook>: RequestStep {
    private let hook: Hook
    init(_ hook: Hook) { self.hook = hook }
    override func request(_ exchange: Exchange) -> Decision { self.hook.request(exchange) }
}

/// A response hook as the chain calls it.
private class ResponseStep: ChainStep {
    func response(_ exchange: Exchange) -> Decision { .next }

    static func of(_ hook: some ResponseHook) -> ResponseStep { ResponseStepOf(hook) }
}

private final class ResponseStepOf<Hook: ResponseHook>: ResponseStep {
    private let hook: Hook
    init(_ hook: Hook) { self.hook = hook }
    override func response(_ exchange: Exchange) -> Decision { self.hook.response(exchange) }
}

/// A completion hook as the chain calls it.
private class CompletionStep: ChainStep {
    func complete(_ exchange: Exchange, _ outcome: Outcome) {}

    static func of(_ hook: some CompletionHook) -> CompletionStep { CompletionStepOf(hook) }
}

private final class CompletionStepOf<Hook: CompletionHook>: CompletionStep {
    private let hook: Hook
    init(_ hook: Hook) { self.hook = hook }
    override func complete(_ exchange: Exchange, _ outcome: Outcome) { self.hook.complete(exchange, outcome) }
}
