/// A middleware that can await: a database, another service, or a body that streams through it.
///
/// ```swift
/// struct Session: AsyncMiddleware {
///     typealias Config = NoSettings
///     static let name = "session"
///     init(_ config: Config, in context: inout BuildContext) {}
///
///     func handle(
///         _ request: AsyncRequest,
///         next: @escaping AsyncNext
///     ) async throws -> AsyncResponse {
///         guard let user = try await users.find(request.head.headerFields[.cookie]) else {
///             return AsyncResponse(status: .unauthorized)
///         }
///         var request = request
///         request.head.headerFields[.user] = user.name
///         return try await next(request)
///     }
/// }
/// ```
///
/// Each request runs in a separate task, off the event loop, which costs some microseconds and a few allocations.
/// Routes without the middleware pay nothing. The task is cancelled when the client leaves or a deadline passes. A
/// thrown ``GatewayError`` becomes the response; any other error becomes a 500.
///
/// If nothing has to be awaited, write a ``Middleware``.
public protocol AsyncMiddleware: Sendable, SendableMetatype {
    /// The settings: a plain struct with a default for each property. The keys in `gateway.toml` are the property names
    /// in snake case.
    associatedtype Config: Codable & Sendable
    /// The name of the middleware's table, and the prefix of its metrics.
    static var name: String { get }
    /// Prepares what requests need, for one route and event loop. Report errors in the settings to the context.
    init(_ config: Config, in context: inout BuildContext)
    /// Answers a request, directly or through the rest of the chain.
    ///
    /// - Parameters:
    ///   - request: The request as it came down the chain.
    ///   - next: Passes a request to the rest of the chain and returns its response, which may be an error. Call it at
    ///     most once. Changed header fields take effect; method, authority and path cannot be changed.
    /// - Returns: The response.
    func handle(
        _ request: AsyncRequest,
        next: @escaping AsyncNext
    ) async throws -> AsyncResponse
}

/// The rest of the chain and the upstream, as an ``AsyncMiddleware`` calls it.
public typealias AsyncNext = @Sendable (AsyncRequest) async throws -> AsyncResponse

extension MiddlewareRegistration {
    /// Registers an asynchronous middleware with its default settings.
    ///
    /// - Parameters:
    ///   - type: The middleware.
    ///   - defaults: The default settings. `gateway.toml` overrides them by key, in `[middleware.NAME]`, policies and
    ///     routes.
    ///   - onByDefault: Whether it runs on every route unless switched off with `NAME = false`, or only where its table
    ///     is present.
    public static func of<M: AsyncMiddleware>(
        _ type: M.Type,
        defaults: M.Config,
        onByDefault: Bool = true
    ) -> MiddlewareRegistration {
        .of(AsyncMiddlewareAdapter<M>.self, defaults: defaults, onByDefault: onByDefault)
    }

    /// Registers an asynchronous middleware whose settings conform to ``MiddlewareSettings``.
    ///
    /// - Parameters:
    ///   - type: The middleware.
    ///   - onByDefault: Whether it runs on every route unless switched off with `NAME = false`, or only where its table
    ///     is present.
    public static func of<M: AsyncMiddleware>(_ type: M.Type, onByDefault: Bool = true) -> MiddlewareRegistration
    where M.Config: MiddlewareSettings {
        .of(AsyncMiddlewareAdapter<M>.self, defaults: M.Config(), onByDefault: onByDefault)
    }
}
