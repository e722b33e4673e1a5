import Synchronization

/// Runs asynchronous code that waits for nobody on the calling thread, such as calls of an actor that has no other
/// callers.
final class CallingThread: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    /// Returns the result of the operation; nil if it waited for something.
    static func run<R: Sendable>(_ operation: @escaping @Sendable () async -> R?) -> R? {
        let thread = CallingThread()
        let result = Result<R>()
        // The task and the actors that it calls run on its executor, which is this thread until the queue is empty.
        Task(executorPreference: thread) {
            let value = await operation()
            result.value.withLock { $0 = value }
        }
        while let job = thread.take() { job.runSynchronously(on: thread.asUnownedTaskExecutor()) }
        return result.value.withLock { $0 }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.jobs.withLock { $0.append(job) }
    }

    private func take() -> UnownedJob? { self.jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() } }

    private final class Result<R: Sendable>: Sendable {
        let value = Mutex<R?>(nil)
    }
}
