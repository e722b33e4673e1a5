import NIOPosix

/// A thread for long computations, which would block the threads that all tasks share.
final class InspectionThread: TaskExecutor {
    private let thread = NIOThreadPool(numberOfThreads: 1)

    /// Runs an operation on a new thread, which ends with it.
    static func run<R: Sendable>(_ operation: @escaping @Sendable () async throws -> R) async throws -> R {
        let executor = InspectionThread()
        executor.thread.start()
        let result = await withTaskExecutorPreference(executor) {
            do {
                return Result<R, any Error>.success(try await operation())
            } catch {
                return .failure(error)
            }
        }
        executor.thread.shutdownGracefully { _ in }
        return try result.get()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.thread.submit { _ in job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
