using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Tests.Fakes;

/// <summary>A disk that is full at times: what was reserved before can be written, nothing else.</summary>
internal sealed class FullDisk : FileCalls
{
    private readonly Dictionary<int, long> _reserved = [];

    public bool IsFull { get; set; }

    /// <summary>Called for each thing that found no room.</summary>
    public Action? OnRefused { get; set; }

    /// <summary>False for a file system that can reserve nothing.</summary>
    public bool Reserves { get; init; } = true;

    public override int Reserve(int file, long bytes) => !Reserves ? 0 : IsFull ? Refused() : Reserved(file, bytes);

    public override int Write(int file, ReadOnlySpan<byte> content, long offset)
    {
        Posix.Stat(file, out var status);
        var room = Math.Max(_reserved.GetValueOrDefault(file), status.Size);
        return IsFull && offset + content.Length > room ? Refused() : base.Write(file, content, offset);
    }

    private int Refused()
    {
        OnRefused?.Invoke();
        return -Errno.ENOSPC;
    }

    private int Reserved(int file, long bytes)
    {
        _reserved[file] = bytes;
        return base.Reserve(file, bytes);
    }
}
