import GatewayCore
import GatewaySettings

/// Looks at the files of the certificates at intervals, away from the event loops, and reminds of those that expire.
final class CertificateRefresh: Sendable {
    /// The interval while there is nothing to look at, after which a reload may have changed that.
    private static let pause = TimeSpan.seconds(1)

    private let task: Task<Void, Never>

    /// - Parameter interval: Returns the time until the next look; nil if there are no certificates.
    init(of certificates: CertificateWatch, every interval: @escaping @Sendable () -> TimeSpan?) {
        self.task = Task {
            certificates.remind(at: Platform.unixMilliseconds() / 1000)
            var waited = TimeSpan.zero
            while !Task.isCancelled {
                // In small steps, because a reload may shorten the interval.
                let step = min(interval() ?? Self.pause, Self.pause)
                guard (try? await Task.sleep(for: .nanoseconds(step.nanoseconds))) != nil else { return }
                waited = TimeSpan(nanoseconds: waited.nanoseconds + step.nanoseconds)
                guard let interval = interval(), waited >= interval else { continue }
                waited = .zero
                try? await InspectionThread.run { certificates.look() }
                certificates.remind(at: Platform.unixMilliseconds() / 1000)
            }
        }
    }

    func stop() { self.task.cancel() }
}
