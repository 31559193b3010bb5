using Altinn.App.Core.Features;
using Altinn.App.Core.Models.Validation;
using Altinn.App.Models;
using Altinn.Platform.Storage.Interface.Models;
using Microsoft.Extensions.Options;

namespace Altinn.App.Logic;

/// <summary>The budget must balance, and a share of it must be the organisation's own.</summary>
public sealed class BudgetValidator(IOptions<CallSettings> call) : IFormDataValidator
{
    public string DataType => nameof(Budget);

    // The sums depend on nearly every field, so every change is relevant.
    public bool HasRelevantChanges(object current, object previous) => true;

    public Task<List<ValidationIssue>> ValidateFormData(
        Instance instance,
        DataElement dataElement,
        object data,
        string? language
    )
    {
        Budget budget = (Budget)data;
        List<ValidationIssue> issues = [];
        int costs = budget.Totals?.Costs ?? 0;

        if (costs > 0 && costs != (budget.Totals?.Financing ?? 0))
        {
            issues.Add(Error("financing.ownFunds", "validation.noBalance"));
        }

        decimal own = (budget.Financing?.OwnFunds ?? 0) + BudgetTotals.ValueOfHours(budget.Financing?.VolunteerHours);
        if (costs > 0 && own < costs * call.Value.MinOwnShare)
        {
            issues.Add(Error("financing.ownFunds", "validation.ownShare"));
        }

        return Task.FromResult(issues);
    }

    private static ValidationIssue Error(string field, string textKey) =>
        new() { Field = field, CustomTextKey = textKey, Severity = ValidationIssueSeverity.Error };
}
