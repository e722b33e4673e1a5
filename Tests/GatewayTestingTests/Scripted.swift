import Gateway
import NIOConcurrencyHelpers

@testable import GatewayCore

/// A middleware that runs a closure of its test.
struct Scripted: AsyncMiddleware {
    typealias Handle = @Sendable (AsyncRequest, @escaping AsyncNext) async throws -> AsyncResponse

    struct Config: Codable, Sendable {
        /// The ID of the script, because settings are data.
        var number = 0

        init(_ handle: @escaping Handle) {
            self.number = Scripted.scripts.withLockedValue { scripts in
                scripts.append(handle)
                return scripts.count - 1
            }
        }
    }

    private static let scripts = NIOLockedValueBox<[Handle]>([])
    static let name = "scripted"
    private let handle: Handle

    init(_ config: Config, in context: inout BuildContext) {
        self.handle = Self.scripts.withLockedValue { $0[config.number] }
    }

    func handle(
        _ request: AsyncRequest,
        next: @escaping AsyncNext
    ) async throws -> AsyncResponse {
        try await self.handle(request, next)
    }
}
