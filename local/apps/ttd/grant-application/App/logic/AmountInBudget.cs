using Altinn.App.Core.Features;
using Altinn.App.Core.Internal.Data;
using Altinn.App.Models;
using Altinn.Platform.Storage.Interface.Models;

namespace Altinn.App.Logic;

/// <summary>Carries the amount applied for over from the application to the budget.</summary>
public sealed class AmountInBudget(IDataClient dataClient) : IInstantiationProcessor, IProcessTaskEnd
{
    /// <summary>The first time through: the budget is created when Task_2 starts.</summary>
    public async Task DataCreation(Instance instance, object data, Dictionary<string, string>? prefill)
    {
        if (data is Budget budget)
        {
            await SetAmount(instance, budget);
        }
    }

    /// <summary>After a rejection: the budget is there already, and the amount may have changed.</summary>
    public async Task End(string taskId, Instance instance)
    {
        DataElement? element = instance.Data.Find(candidate => candidate.DataType == nameof(Budget));
        if (taskId != "Task_1" || element is null)
        {
            return;
        }

        Budget budget = await dataClient.GetFormData<Budget>(instance, element);
        await SetAmount(instance, budget);
        await dataClient.UpdateFormData(instance, budget, element);
    }

    private async Task SetAmount(Instance instance, Budget budget)
    {
        DataElement? element = instance.Data.Find(candidate => candidate.DataType == nameof(Grant));
        if (element is null)
        {
            return;
        }

        Grant grant = await dataClient.GetFormData<Grant>(instance, element);
        budget.Financing ??= new Financing();
        budget.Financing.AppliedAmount = grant.Project?.Amount;
    }
}
