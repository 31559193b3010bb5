using Altinn.App.Core.Features;
using Altinn.App.Models;

namespace Altinn.App.Logic;

/// <summary>Keeps the sums of the budget up to date.</summary>
public sealed class BudgetTotals : IDataWriteProcessor
{
    private const int KronerPerHour = 300;

    public static int ValueOfHours(int? hours) => (hours ?? 0) * KronerPerHour;

    public Task ProcessDataWrite(
        IInstanceDataMutator instanceDataMutator,
        string taskId,
        DataElementChanges changes,
        string? language
    )
    {
        foreach (FormDataChange change in changes.FormDataChanges)
        {
            if (change.CurrentFormData is not Budget budget)
            {
                continue;
            }

            Financing? financing = budget.Financing;
            budget.Totals = new Totals
            {
                Costs = budget.Costs.Sum(row => row.Amount ?? 0),
                Financing =
                    (financing?.AppliedAmount ?? 0)
                    + (financing?.OwnFunds ?? 0)
                    + ValueOfHours(financing?.VolunteerHours)
                    + (financing?.OtherGrants ?? 0),
            };
        }

        return Task.CompletedTask;
    }
}
