namespace Altinn.App.Logic;

/// <summary>The current call for applications, from the section "Call" in appsettings.json.</summary>
public sealed class CallSettings
{
    public string Id { get; set; } = "";

    public DateOnly OpensAt { get; set; }

    public DateOnly ClosesAt { get; set; }

    public int MaxAmount { get; set; }

    public decimal MinOwnShare { get; set; }
}
